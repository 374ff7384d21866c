/** Reads what Python's `repr` writes of dicts, lists, tuples, strings, numbers, booleans and None. Throws on all else. */
export function parsePython(text: string): unknown {
  const reader = new PythonReader(text);
  const value = reader.value();
  reader.end();
  return value;
}

const WORDS: Readonly<Record<string, unknown>> = { True: true, False: false, None: null };
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z]+/y;
const DEPTH_MAX = 64;

class PythonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): unknown {
    const first = this.#peek();
    if (first === '{') return this.#nested(() => this.#object());
    if (first === '[') return this.#nested(() => this.#list(']'));
    if (first === '(') return this.#nested(() => this.#list(')'));
    if (first === "'" || first === '"') return this.#string(first);
    const number = this.#match(NUMBER);
    if (number !== undefined) return Number(number);
    const word = this.#match(WORD) ?? '';
    if (word in WORDS) return WORDS[word];
    throw this.#unexpected();
  }

  end(): void {
    if (this.#peek() !== '') throw this.#unexpected();
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > DEPTH_MAX) throw this.#unexpected();
    this.#at += 1;
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #object(): object {
    const entries: [string, unknown][] = [];
    while (this.#peek() !== '}') {
      const key = this.value();
      this.#take(':');
      entries.push([String(key), this.value()]);
      if (this.#peek() !== '}') this.#take(',');
    }
    this.#take('}');
    return Object.fromEntries(entries);
  }

  #list(close: string): unknown[] {
    const items: unknown[] = [];
    while (this.#peek() !== close) {
      items.push(this.value());
      if (this.#peek() !== close) this.#take(',');
    }
    this.#take(close);
    return items;
  }

  #string(quote: string): string {
    let out = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at]!;
      if (char === quote) {
        this.#at += 1;
        return out;
      }
      if (char !== '\\') out += char;
      else {
        const next = this.#text[++this.#at] ?? '';
        out += ESCAPES[next] ?? next;
      }
    }
    throw this.#unexpected();
  }

  /** The next character that is no space; empty at the end. */
  #peek(): string {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#text[this.#at] ?? '';
  }

  #take(char: string): void {
    if (this.#peek() !== char) throw this.#unexpected();
    this.#at += 1;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #unexpected(): Error {
    return new Error(`unexpected ${JSON.stringify(this.#text[this.#at] ?? 'end')} at character ${this.#at}`);
  }
}
