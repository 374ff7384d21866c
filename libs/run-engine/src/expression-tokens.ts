import { failExpression } from './expression-work.js';

const TOKEN =
  /\s*(?:([A-Za-z_]\w*)|("(?:[^"\\]|\\.)*")|'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`|(\d+)|(\|\||&&|==|!=|<=|>=|\[\]|\[\?|[.[\]*{},:()|<>!@+\-/%])|$)/y;

interface Token {
  kind: 'name' | 'quoted' | 'value' | 'digits' | 'sign' | 'end';
  text: string;
  value?: unknown;
}

/** Goes through the words of an expression; the last one is of kind `end`. */
export class Cursor {
  readonly #tokens: Token[];
  #at = 0;

  /** Throws EXPRESSION_FAILED where the text has no words. */
  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  at(ahead: number): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  move(by: number): void {
    this.#at += by;
  }

  get next(): Token {
    return this.#tokens[this.#at]!;
  }

  unexpected(): never {
    const { kind, text } = this.next;
    return failExpression(`The expression cannot be read at ${kind === 'end' ? 'its end' : text.slice(0, 32)}.`);
  }

  sees(sign: string, ahead = 0): boolean {
    const token = this.at(ahead);
    return token?.kind === 'sign' && token.text === sign;
  }

  takes(sign: string): boolean {
    if (!this.sees(sign)) return false;
    this.#at += 1;
    return true;
  }

  expect(sign: string): void {
    if (!this.takes(sign)) this.unexpected();
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (;;) {
    const at = TOKEN.lastIndex;
    const [, name, quoted, raw, json, digits, sign] =
      TOKEN.exec(text) ?? failExpression(`The expression cannot be read at ${text.slice(at, at + 32)}.`);
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: String(parsed(quoted)) });
    else if (raw !== undefined) tokens.push({ kind: 'value', text: raw, value: raw.replaceAll(/\\(['\\])/g, '$1') });
    else if (json !== undefined) tokens.push({ kind: 'value', text: json, value: parsed(json.replaceAll('\\`', '`')) });
    else if (digits !== undefined) tokens.push({ kind: 'digits', text: digits });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else {
      tokens.push({ kind: 'end', text: '' });
      return tokens;
    }
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return failExpression(`This is no JSON: ${json.slice(0, 32)}.`);
  }
}
