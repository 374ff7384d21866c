import type { Usage } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { ProviderAnswer } from '../provider.port.js';
import { type CallDelta, ChatFrame, type Piece } from './chat-protocol.js';
import { errorInBand } from './provider-errors.js';

/** Bounds of what a journal entry takes. */
const CONTENT_CHARS_MAX = 524_288;
const CALLS_MAX = 64;
const NAME_CHARS_MAX = 64;
const ARGUMENTS_CHARS_MAX = 262_144;

interface OpenCall {
  id: string | undefined;
  name: string;
  arguments: string;
}

const garbage = (what: string): MeshError =>
  new MeshError('PROVIDER_GARBAGE', `The answer of the model provider ${what}.`);

/** Puts an answer together from the frames of a stream, or from the one frame of a plain answer. */
export class AnswerAssembler {
  #content = '';
  readonly #calls = new Map<number, OpenCall>();
  #lastIndex = -1;
  #finish: string | undefined;
  #usage: Usage | null = null;

  /** Takes the JSON of one frame; returns the text it adds. */
  add(json: string): string {
    const frame = parseFrame(json);
    if (frame.error) throw errorInBand(frame.error);
    if (frame.usage)
      this.#usage = { inputTokens: frame.usage.prompt_tokens, outputTokens: frame.usage.completion_tokens };
    const choice = frame.choices?.find(({ index }) => (index ?? 0) === 0);
    if (!choice) return '';
    const text = this.#piece(choice.delta ?? choice.message ?? {});
    if (choice.finish_reason) this.#finish = choice.finish_reason;
    return text;
  }

  /** The whole answer. PROVIDER_CUT when it never came to its end. */
  finish(simulated: boolean): ProviderAnswer {
    if (this.#finish === undefined)
      throw new MeshError('PROVIDER_CUT', 'The stream of the model provider ended before its answer did.');
    const ordered = [...this.#calls].toSorted(([a], [b]) => a - b).map(([, call]) => call);
    const toolCalls = ordered.map(({ name, arguments: text }) => ({ name, arguments: text === '' ? '{}' : text }));
    if (toolCalls.some(({ name }) => name === '')) throw garbage('asks for a tool without a name');
    return {
      content: this.#content,
      toolCalls,
      finish: finishOf(this.#finish, toolCalls.length),
      usage: this.#usage,
      simulated,
    };
  }

  #piece(piece: Piece): string {
    const text = (piece.content ?? '') + (piece.refusal ?? '');
    this.#content += text;
    if (this.#content.length > CONTENT_CHARS_MAX) throw garbage(`is longer than ${CONTENT_CHARS_MAX} characters`);
    for (const delta of piece.tool_calls ?? []) this.#call(delta);
    return text;
  }

  #call(delta: CallDelta): void {
    const index = delta.index ?? this.#indexOf(delta.id ?? undefined);
    const call = this.#calls.get(index) ?? { id: delta.id ?? undefined, name: '', arguments: '' };
    call.name += delta.function?.name ?? '';
    call.arguments += delta.function?.arguments ?? '';
    this.#calls.set(index, call);
    this.#lastIndex = index;
    if (this.#calls.size > CALLS_MAX) throw garbage(`asks for more than ${CALLS_MAX} tools at once`);
    if (call.name.length > NAME_CHARS_MAX) throw garbage(`names a tool in more than ${NAME_CHARS_MAX} characters`);
    if (call.arguments.length > ARGUMENTS_CHARS_MAX)
      throw garbage(`gives a tool arguments of more than ${ARGUMENTS_CHARS_MAX} characters`);
  }

  /** Some servers leave out the index: a new id begins a new call, all else goes on with the last one. */
  #indexOf(id: string | undefined): number {
    const last = this.#calls.get(this.#lastIndex);
    if (!last) return this.#lastIndex + 1;
    return id === undefined || id === last.id ? this.#lastIndex : this.#lastIndex + 1;
  }
}

function parseFrame(json: string): ChatFrame {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw garbage('is not JSON');
  }
  const parsed = ChatFrame.safeParse(value);
  if (!parsed.success)
    throw garbage(
      `breaks the protocol at ${parsed.error.issues[0]?.path.filter((key) => typeof key === 'number' || /^[a-z_]+$/.test(String(key))).join('.') || 'its top'}`,
    );
  return parsed.data;
}

/** Servers disagree on the reason beside tool calls; that there are calls decides, unless the answer was cut short. */
function finishOf(reason: string, calls: number): ProviderAnswer['finish'] {
  if (reason === 'length' || reason === 'content_filter') return reason;
  return calls > 0 ? 'tool_calls' : 'stop';
}
