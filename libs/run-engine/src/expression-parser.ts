import { FUNCTIONS } from './expression-functions.js';
import { chain, fieldOf, flat, here, JOINS, type Node, project, valuesOf } from './expression-nodes.js';
import { Cursor } from './expression-tokens.js';
import { failExpression, isFalse } from './expression-work.js';
import { EXPRESSION_DEPTH_MAX } from './settings.js';

/** A name that an expression reads in its scope, and the name that it reads in that. */
export type Reference = { name: string; field: string | null };

/** How strongly a sign takes what stands left of it; below PROJECTED a projection ends. Names and ends take nothing. */
const STRENGTH: Readonly<Record<string, number>> = {
  '|': 1,
  '||': 2,
  '&&': 3,
  '==': 5,
  '!=': 5,
  '<': 5,
  '<=': 5,
  '>': 5,
  '>=': 5,
  '+': 6,
  '-': 6,
  '*': 7,
  '/': 7,
  '%': 7,
  '[]': 9,
  '[?': 21,
  '.': 40,
  '[': 55,
};
const PROJECTED = 10;
const STAR = 20;
const FILTER = 21;
const NOT = 45;

/** Reads an expression by the strength of its signs (Pratt, 1973), straight into what evaluates it. */
export class Parser {
  readonly references: Reference[] = [];
  readonly #words: Cursor;
  /** How many brackets deep the expression speaks of something else than its scope. */
  #inner = 0;
  #depth = 0;

  constructor(text: string) {
    this.#words = new Cursor(text);
  }

  whole(): Node {
    const node = this.#expression(0);
    if (this.#words.next.kind !== 'end') this.#words.unexpected();
    return node;
  }

  /** What is parsed by it stands on something else than the scope. */
  #inside<T>(parse: () => T): T {
    this.#inner += 1;
    const parsed = parse();
    this.#inner -= 1;
    return parsed;
  }

  #expression(strength: number): Node {
    this.#depth += 1;
    if (this.#depth > EXPRESSION_DEPTH_MAX)
      return failExpression(`The expression is nested deeper than ${EXPRESSION_DEPTH_MAX} levels.`);
    let node = this.#first();
    while (strength < this.#strength()) node = this.#joined(node);
    this.#depth -= 1;
    return node;
  }

  #strength(): number {
    return this.#words.next.kind === 'sign' ? (STRENGTH[this.#words.next.text] ?? 0) : 0;
  }

  #first(): Node {
    const token = this.#words.next;
    if (token.kind === 'end' || token.kind === 'digits') this.#words.unexpected();
    if (token.kind === 'sign' && '[[?[]'.includes(token.text) && !this.#isList()) return this.#bracket(here);
    this.#words.move(1);
    if (token.kind === 'value') return () => token.value;
    if (token.kind === 'name' && this.#words.takes('(')) return this.#call(token.text);
    if (token.kind !== 'sign') return this.#name(token.text);
    switch (token.text) {
      case '@':
        this.#refer('@');
        return here;
      case '*':
        this.#refer('@');
        return project(valuesOf(here), this.#rest(STAR));
      case '!': {
        const node = this.#expression(NOT);
        return (at, work) => isFalse(node(at, work));
      }
      case '(': {
        const node = this.#expression(0);
        this.#words.expect(')');
        return node;
      }
      case '[':
        return this.#list();
      case '{':
        return this.#record();
    }
    this.#words.move(-1);
    return this.#words.unexpected();
  }

  #joined(left: Node): Node {
    const { text } = this.#words.next;
    if (text === '[' || text === '[?' || text === '[]') return this.#bracket(left);
    this.#words.move(1);
    if (text === '.')
      return this.#words.takes('*')
        ? project(valuesOf(left), this.#rest(STAR))
        : chain(left, this.#field(STRENGTH['.']!));
    if (text === '|')
      return chain(
        left,
        this.#inside(() => this.#expression(1)),
      );
    const right = this.#expression(STRENGTH[text]!);
    if (text === '||' || text === '&&')
      return (at, work) => {
        const value = left(at, work);
        return isFalse(value) === (text === '||') ? right(at, work) : value;
      };
    const join = JOINS[text]!;
    return (at, work) => {
      work.spend(1);
      return join(left(at, work), right(at, work), work);
    };
  }

  /** What may follow a dot. */
  #field(strength: number): Node {
    return this.#inside(() => {
      if (this.#words.takes('[')) return this.#list();
      if (
        this.#words.sees('{') ||
        this.#words.sees('*') ||
        this.#words.next.kind === 'name' ||
        this.#words.next.kind === 'quoted'
      )
        return this.#expression(strength);
      return this.#words.unexpected();
    });
  }

  /** What is done with each item of a projection. */
  #rest(strength: number): Node {
    if (this.#strength() < PROJECTED) return here;
    if (this.#words.takes('.')) return this.#field(strength);
    return this.#inside(() => this.#expression(strength));
  }

  /** A bracket in front of which the cursor does not begin a list of expressions. */
  #isList(): boolean {
    if (!this.#words.sees('[')) return false;
    const digits = this.#words.at(this.#words.sees('-', 1) ? 2 : 1)?.kind === 'digits';
    return !digits && !(this.#words.sees('*', 1) && this.#words.sees(']', 2));
  }

  #bracket(left: Node): Node {
    if (left === here) this.#refer('@');
    if (this.#words.takes('[]')) return project(flat(left), this.#rest(STRENGTH['[]']!));
    if (this.#words.takes('[?')) {
      const passes = this.#inside(() => this.#expression(0));
      this.#words.expect(']');
      return project(left, this.#words.sees('[]') ? here : this.#rest(FILTER), passes);
    }
    this.#words.expect('[');
    if (this.#words.takes('*')) {
      this.#words.expect(']');
      return project(left, this.#rest(STAR));
    }
    const back = this.#words.takes('-');
    if (this.#words.next.kind !== 'digits') this.#words.unexpected();
    const index = Number(this.#words.next.text) * (back ? -1 : 1);
    this.#words.move(1);
    this.#words.expect(']');
    return chain(left, (at, work) => {
      work.spend(1);
      return Array.isArray(at) ? (at.at(index) ?? null) : null;
    });
  }

  /** After its opening bracket. */
  #list(): Node {
    const items: Node[] = [];
    do items.push(this.#expression(0));
    while (this.#words.takes(','));
    this.#words.expect(']');
    return (at, work) => {
      work.spend(items.length);
      return at === null ? null : items.map((item) => item(at, work));
    };
  }

  #record(): Node {
    const entries: [string, Node][] = [];
    do {
      const { kind, text } = this.#words.next;
      if (kind !== 'name' && kind !== 'quoted') this.#words.unexpected();
      this.#words.move(1);
      this.#words.expect(':');
      entries.push([text, this.#expression(0)]);
    } while (this.#words.takes(','));
    this.#words.expect('}');
    return (at, work) => {
      work.spend(entries.length);
      return at === null ? null : Object.fromEntries(entries.map(([name, node]) => [name, node(at, work)]));
    };
  }

  #call(name: string): Node {
    const found = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (found === undefined) return failExpression(`There is no function ${name.slice(0, 64)}.`);
    const [valuesMin, valuesMax, run] = found;
    const values: Node[] = [];
    if (!this.#words.takes(')')) {
      do values.push(this.#expression(0));
      while (this.#words.takes(','));
      this.#words.expect(')');
    }
    if (values.length < valuesMin || values.length > valuesMax)
      return failExpression(
        `${name} takes ${valuesMin === valuesMax ? valuesMin : `${valuesMin} to ${valuesMax}`} values, not ${values.length}.`,
      );
    return (at, work) => {
      work.spend(1 + values.length);
      return run(
        work,
        values.map((value) => value(at, work)),
      );
    };
  }

  #name(name: string): Node {
    const after = this.#words.at(1);
    const field = this.#words.sees('.') && (after?.kind === 'name' || after?.kind === 'quoted') ? after.text : null;
    this.#refer(name, field);
    return fieldOf(name);
  }

  #refer(name: string, field: string | null = null): void {
    if (this.#inner === 0) this.references.push({ name, field });
  }
}
