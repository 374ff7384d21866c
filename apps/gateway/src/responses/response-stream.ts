import type { RunView, WatchEvent } from '../mesh/mesh.port.js';
import { type OutputItem, outputItem, responseObject } from './response-object.js';
import type { SseWriter } from './sse-writer.js';

/**
 * Turns a watched run into OpenAI's event sequence. Each attempt of each model step that says something is an
 * output item of its own, so that a retried attempt never has to take words back. The end carries the whole truth.
 */
export class ResponseStream {
  readonly #items: OutputItem[] = [];
  #open: { key: string; text: string } | undefined;

  constructor(
    private readonly sse: SseWriter,
    private readonly started: RunView,
  ) {}

  async begin(): Promise<void> {
    await this.sse.send('response.created', { response: responseObject(this.started) });
    await this.sse.send('response.in_progress', { response: responseObject({ ...this.started, status: 'running' }) });
  }

  async take(event: WatchEvent): Promise<void> {
    if (event.type === 'delta') await this.#delta(`${event.step}:${event.attempt}`, event.text);
    if (event.type === 'end') await this.#finish(event.view);
  }

  async #delta(key: string, text: string): Promise<void> {
    if (text === '') return;
    if (this.#open && this.#open.key !== key) await this.#close('incomplete');
    if (!this.#open) await this.#begin(key);
    this.#open!.text += text;
    await this.sse.send('response.output_text.delta', { ...this.#place(), delta: text, logprobs: [] });
  }

  async #begin(key: string): Promise<void> {
    this.#open = { key, text: '' };
    const item = { ...outputItem(this.started.runId, this.#items.length, '', 'in_progress'), content: [] };
    await this.sse.send('response.output_item.added', { output_index: this.#items.length, item });
    await this.sse.send('response.content_part.added', { ...this.#place(), part: { type: 'output_text', text: '', annotations: [] } });
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
      await this.#delta(this.#open.key, output.slice(this.#open.text.length));
      await this.#close(view.output === null ? 'incomplete' : 'completed');
    } else {
      await this.#close('incomplete');
      await this.#delta('final', output);
      await this.#close('completed');
    }
    const type = view.status === 'completed' ? 'response.completed' : 'response.failed';
    await this.sse.send(type, { response: responseObject(view, this.#items) });
  }

  #place(): { item_id: string; output_index: number; content_index: 0 } {
    const index = this.#items.length;
    return { item_id: outputItem(this.started.runId, index, '', 'in_progress').id, output_index: index, content_index: 0 };
  }
}
