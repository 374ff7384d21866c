import { MeshError } from '@signalbox/kernel';

const LF = 10;
const CR = 13;

/**
 * Takes the bytes of a `text/event-stream` (WHATWG HTML §9.2) as they come and gives the data of each event.
 * Event names, ids and comments are dropped. PROVIDER_GARBAGE on invalid UTF-8 or an event beyond its bound.
 */
export class SseParser {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  /** Pieces of the line that has not ended yet; joined once, so that a long line costs linear time. */
  #pieces: string[] = [];
  #pieceChars = 0;
  /** The last byte was a CR: an LF right after it belongs to it. */
  #afterCr = false;
  #data: string[] = [];
  #dataChars = 0;

  constructor(readonly eventCharsMax: number) {}

  /** Data of the events that these bytes complete. */
  push(bytes: Uint8Array): string[] {
    const text = this.#decode(bytes);
    const events: string[] = [];
    if (text === '') return events;
    let start = this.#afterCr && text.charCodeAt(0) === LF ? 1 : 0;
    this.#afterCr = text.charCodeAt(text.length - 1) === CR;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code !== LF && code !== CR) continue;
      this.#line(this.#pieces.join('') + text.slice(start, at), events);
      this.#pieces = [];
      this.#pieceChars = 0;
      if (code === CR && text.charCodeAt(at + 1) === LF) at++;
      start = at + 1;
    }
    if (start < text.length) this.#pieces.push(text.slice(start));
    this.#pieceChars += text.length - start;
    if (this.#pieceChars + this.#dataChars > this.eventCharsMax) throw this.#tooLarge();
    return events;
  }

  /** Data of a last event whose empty line is missing. A line that was cut is dropped, and its event with it. */
  end(): string[] {
    this.#decode();
    const events: string[] = [];
    if (this.#pieces.length === 0) this.#line('', events);
    return events;
  }

  #line(line: string, events: string[]): void {
    if (line === '') {
      if (this.#data.length > 0) events.push(this.#data.join('\n'));
      this.#data = [];
      this.#dataChars = 0;
      return;
    }
    const colon = line.indexOf(':');
    if ((colon < 0 ? line : line.slice(0, colon)) !== 'data') return;
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
    this.#data.push(value);
    this.#dataChars += value.length + 1;
    if (this.#dataChars > this.eventCharsMax + 1) throw this.#tooLarge();
  }

  #decode(bytes?: Uint8Array): string {
    try {
      return bytes ? this.#decoder.decode(bytes, { stream: true }) : this.#decoder.decode();
    } catch {
      throw new MeshError('PROVIDER_GARBAGE', 'The stream of the model provider is not valid UTF-8.');
    }
  }

  #tooLarge(): MeshError {
    return new MeshError(
      'PROVIDER_GARBAGE',
      `An event of the model provider is larger than ${this.eventCharsMax} characters.`,
    );
  }
}
