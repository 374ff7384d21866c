import { mapJsonStrings } from '../redaction/json-walk.js';
import { PatternStream } from './pattern-stream.js';
import { neutralise, parseToken, RENDERING_PATTERN, TOKEN_PATTERN } from './token.js';

const EITHER = new RegExp(`${TOKEN_PATTERN.source}|${RENDERING_PATTERN.source}`, 'g');
const UNFINISHED = /^\[(?:[A-Z][A-Z0-9_]{0,31})?$/;
const CHARS_MAX = 33;

/**
 * How tokens are spoken of in one model context: `[EMAIL_1]` for the first e-mail token met, and so on. The same
 * messages in the same order give the same rendering in any process.
 */
export class Rendering {
  private readonly spoken = new Map<string, string>();
  private readonly tokens = new Map<string, string>();
  private readonly counts = new Map<string, number>();

  /** Numbers the tokens of all strings, in order of first appearance. */
  static of(texts: Iterable<string>): Rendering {
    const rendering = new Rendering();
    for (const text of texts) rendering.render(text);
    return rendering;
  }

  /** How many tokens have a name here. */
  get size(): number {
    return this.spoken.size;
  }

  /** Tokens become renderings, a new token the next number. What looked like a rendering before becomes `(EMAIL_1)`. */
  render(text: string): string {
    return text.replace(EITHER, (match) => (parseToken(match) ? this.nameOf(match) : neutralise(match)));
  }

  /** Known renderings become tokens again; unknown ones such as `[EMAIL_9]` stay as they are. */
  unrender(text: string): string {
    return text.replace(RENDERING_PATTERN, (match) => this.tokens.get(match) ?? match);
  }

  /** `render` for every string and key of a JSON value. */
  renderJson(value: unknown): unknown {
    return mapJsonStrings(value, (text) => this.render(text));
  }

  unrenderJson(value: unknown): unknown {
    return mapJsonStrings(value, (text) => this.unrender(text));
  }

  /** `unrender` for text that arrives in pieces; holds back at most 33 characters. Tokens come out whole. */
  unrenderStream(): PatternStream {
    const pattern = { whole: RENDERING_PATTERN, unfinished: UNFINISHED, charsMax: CHARS_MAX };
    return new PatternStream(pattern, (match) => this.tokens.get(match) ?? match);
  }

  private nameOf(token: string): string {
    const known = this.spoken.get(token);
    if (known !== undefined) return known;
    const piiClass = parseToken(token)?.class ?? '';
    const count = (this.counts.get(piiClass) ?? 0) + 1;
    const name = `[${piiClass}_${count}]`;
    this.counts.set(piiClass, count);
    this.spoken.set(token, name);
    this.tokens.set(name, token);
    return name;
  }
}
