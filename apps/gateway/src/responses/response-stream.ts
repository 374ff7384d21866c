import type { RunView, WatchEvent } from '../mesh/mesh.port.js';
import { type OutputItem, outputItem, responseObject } from './response-object.js';
import type { SseWriter } from './sse-writer.js';

/** A piece of which model step's attempt is being said. */
interface Place {
  step: number;
  attempt: number;
}
/** What no delta told: the rest comes from the run's end. */
const FINAL: Place = { step: Number.POSITIVE_INFINITY, attempt: 0 };

/**
 * Turns a watched run into OpenAI's event sequence. Each attempt of each model step that says something is an
 * output item of its own, so that a retried attempt never has to take words back. The end holds the answer alone,
 * as a later retrieval does.
 */
export class ResponseStream {
  readonly #items: OutputItem[] = [];
  #open: (Place & { text: string }) | undefined;

  constructor(
    private readonly sse: SseWriter,
    private readonly started: RunView,
  ) {}

  async begin(): Promise<void> {
    await this.sse.send('response.created', { response: responseObject(this.started) });
    await this.sse.send('response.in_progress', { response: responseObject({ ...this.started, status: 'running' }) });
  }

  async take(event: WatchEvent): Promise<void> {
    if (event.type === 'delta') await this.#delta(event, event.text);
    if (event.type === 'end') await this.#finish(event.view);
  }

  async #delta({ step, attempt }: Place, text: string): Promise<void> {
    if (text === '') return;
    // A later step follows one that was said to its end; another attempt of the same step, one that broke off.
    if (this.#open && this.#open.step < step) await this.#close('completed');
    if (this.#open && this.#open.attempt !== attempt) await this.#close('incomplete');
    if (!this.#open) await this.#begin({ step, attempt });
    this.#open!.text += text;
    await this.sse.send('response.output_text.delta', { ...this.#place(), delta: text, logprobs: [] });
  }

  async #begin(place: Place): Promise<void> {
    this.#open = { ...place, text: '' };
    const item = { ...outputItem(this.started.runId, this.#items.length, '', 'in_progress'), content: [] };
    await this.sse.send('response.output_item.added', { output_index: this.#items.length, item });
    await this.sse.send('response.content_part.added', {
      ...this.#place(),
      part: { type: 'output_text', text: '', annotations: [] },
    });
  }

  async #close(status: 'completed' | 'incomplete'): Promise<void> {
    if (!this.#open) return;
    const { text } = this.#open;
    const item = outputItem(this.started.runId, this.#items.length, text, status);
    await this.sse.send('response.output_text.done', { ...this.#place(), text, logprobs: [] });
    await this.sse.send('response.content_part.done', { ...this.#place(), part: item.content[0] });
    await this.sse.send('response.output_item.done', { output_index: this.#items.length, item });
    this.#items.push(item);
    this.#open = undefined;
  }

  /** What was streamed is completed to the final answer, or followed by it where it was something else. */
  async #finish(view: RunView): Promise<void> {
    const output = view.output ?? '';
    if (this.#open && output.startsWith(this.#open.text)) {
      await this.#delta(this.#open, output.slice(this.#open.text.length));
      await this.#close(view.output === null ? 'incomplete' : 'completed');
    } else {
      await this.#close('incomplete');
      await this.#delta(FINAL, output);
      await this.#close('completed');
    }
    const type = view.status === 'completed' ? 'response.completed' : 'response.failed';
    const last = this.#items.at(-1);
    const answer = last?.content[0]?.text === view.output ? [last] : undefined;
    await this.sse.send(type, { response: responseObject(view, answer) });
  }

  #place(): { item_id: string; output_index: number; content_index: 0 } {
    const index = this.#items.length;
    return {
      item_id: outputItem(this.started.runId, index, '', 'in_progress').id,
      output_index: index,
      content_index: 0,
    };
  }
}
