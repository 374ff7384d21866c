import type { Finding, InferWorkV1, Message, Redactions, ToolCall } from '@signalbox/contracts';
import {
  assertNotBlocked,
  type Cleaned,
  countFound,
  EncodedStream,
  findingsOf,
  type Found,
  joinCleaned,
  mapEncodedRuns,
  type RedactOptions,
  redactJson,
  redactText,
  RedactingStream,
  Rendering,
  type RunReader,
  type Ruleset,
} from '@signalbox/privacy';
import type { ProviderAnswer, ProviderMessage } from '../providers/provider.port.js';

const NAME_CHARS_MAX = 64;

/** An answer fit for the bus: redacted, and with pseudonyms as they rest. */
export interface CleanAnswer {
  content: string;
  toolCalls: ToolCall[];
  /** Values that the provider brought in by itself. */
  found: Found[];
  redactions: Redactions;
  findings?: Finding[];
  ruleset: string;
}

/**
 * The texts of one call: pseudonyms become placeholders on the way to the model and come back on the way out.
 * What the model says is redacted first, since only its own words are raw; then its placeholders are put back.
 */
export class CallText {
  readonly #rendering = new Rendering();
  readonly #redact: RedactOptions;
  readonly #work: InferWorkV1;

  constructor(work: InferWorkV1, ruleset: Ruleset, tenantKey: Uint8Array) {
    this.#work = work;
    this.#redact = { ruleset, tenantKey, lookalikes: 'keep-renderings' };
  }

  /** The messages for the provider. To be called once, first: it numbers the placeholders in their order. */
  messages(): ProviderMessage[] {
    return this.#work.messages.map((message) => this.#message(message));
  }

  /** For text that is still being made; gives the same as `clean` does on the whole. */
  stream(): { push(text: string): string; end(): string; found(): Found[] } {
    const inside: Cleaned[] = [];
    const opening = new EncodedStream(this.#reader(inside));
    const redacting = new RedactingStream(this.#redact);
    const unrendering = this.#rendering.unrenderStream();
    const found = new Map<string, Found>();
    return {
      push: (text) => unrendering.push(redacting.push(opening.push(text))),
      end: () => unrendering.push(redacting.push(opening.end()) + redacting.end()) + unrendering.end(),
      // What is new comes last.
      found: () => {
        for (const one of [...inside.flatMap((part) => part.found), ...redacting.found])
          if (!found.has(one.token)) found.set(one.token, one);
        return [...found.values()];
      },
    };
  }

  /** CONTENT_BLOCKED where a rule does not let in what the model says. */
  clean(answer: ProviderAnswer): CleanAnswer {
    const parts: Cleaned[] = [];
    const text = (raw: string): string => {
      const opened = mapEncodedRuns(raw, this.#reader(parts));
      const { text: redacted, ...cleaned } = redactText(opened, this.#redact);
      parts.push(cleaned);
      return this.#rendering.unrender(redacted);
    };
    const content = text(answer.content);
    const toolCalls = answer.toolCalls.map((call, index): ToolCall => {
      // As a JSON string, so that JSON within it is walked with its keys as cues, and anything else read as text.
      const { value, ...cleaned } = redactJson(call.arguments, this.#redact);
      parts.push(cleaned);
      return {
        callId: `call_${this.#work.step}_${index}`,
        name: this.#isOffered(call.name) ? call.name : text(call.name).slice(0, NAME_CHARS_MAX),
        arguments: this.#rendering.unrender(String(value)),
      };
    });
    const all = joinCleaned(parts);
    assertNotBlocked(all, 'The answer of the model');
    const { name: ruleset } = this.#redact.ruleset;
    return { content, toolCalls, found: all.found, redactions: countFound(all), ...findingsOf(all), ruleset };
  }

  /** Of base64 in what the model says; what comes of it is added to the parts. */
  #reader(parts: Cleaned[]): RunReader {
    const clean = (text: string): string => {
      const { value, ...cleaned } = redactJson(text, this.#redact);
      parts.push(cleaned);
      return String(value);
    };
    return { text: clean, binary: clean };
  }

  #isOffered(name: string): boolean {
    return this.#work.tools.some((tool) => tool.name === name);
  }

  #message(message: Message): ProviderMessage {
    const rendered: ProviderMessage = { role: message.role, content: this.#rendering.render(message.content) };
    if (message.callId !== undefined) rendered.toolCallId = message.callId;
    if (message.toolCalls && message.toolCalls.length > 0) {
      rendered.toolCalls = message.toolCalls.map((call) => ({
        id: call.callId,
        name: call.name,
        arguments: this.#rendering.render(call.arguments),
      }));
    }
    return rendered;
  }
}
