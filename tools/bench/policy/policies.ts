/** Policies over the whole expression language, in Cedar's JSON format: mostly well typed, with a share that is not. */
import type { Expr, PolicyJson, PolicySet } from '@cedar-policy/cedar-wasm/nodejs';
import type { Random } from './random.ts';
import { action, extensionText, long, NAMES, TEXTS, TYPES, uid } from './world.ts';

type Kind = 'bool' | 'long' | 'text' | 'entity' | 'set' | 'record' | 'decimal' | 'ip' | 'datetime' | 'duration';

const KINDS: readonly Kind[] = [
  'bool',
  'long',
  'text',
  'entity',
  'set',
  'record',
  'decimal',
  'ip',
  'datetime',
  'duration',
];
const NAME_OF: Record<Kind, string> = {
  bool: 'on',
  long: 'count',
  text: 'text',
  entity: 'who',
  set: 'list',
  record: 'inner',
  decimal: 'cost',
  ip: 'from',
  datetime: 'at',
  duration: 'for',
};
const WRONG_SHARE = 0.02;
const COMPARISONS = ['<', '<=', '>', '>='] as const;
const SPAN_PARTS = ['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays'] as const;
const DECIMAL_TESTS = ['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual'] as const;
const IP_TESTS = ['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast'] as const;

const operator = (name: string, left: Expr, right: Expr): Expr => ({ [name]: { left, right } }) as unknown as Expr;
const call = (name: string, ...args: Expr[]): Expr => ({ [name]: args }) as Expr;
const variable = (random: Random): Expr => ({ Var: random.pick(['principal', 'action', 'resource'] as const) });

export class PolicyMaker {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** Up to `countMax` policies by id. */
  set(countMax: number): Record<string, PolicyJson> {
    const count = 1 + this.random.below(countMax);
    return Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, this.policy()]));
  }

  policy(): PolicyJson {
    const { random } = this;
    const conditions = random.some(2, () => ({
      kind: random.chance(0.8) ? ('when' as const) : ('unless' as const),
      body: this.expression('bool', 1 + random.below(4)),
    }));
    return {
      effect: random.chance(0.6) ? 'permit' : 'forbid',
      principal: this.#scope(),
      action: this.#actionScope(),
      resource: this.#scope(),
      conditions,
    };
  }

  #scope(): PolicyJson['principal'] {
    const { random } = this;
    const entity = uid(random);
    switch (random.below(8)) {
      case 0:
        return { op: '==', entity };
      case 1:
        return { op: 'in', entity };
      case 2:
        return { op: 'is', entity_type: random.pick(TYPES) };
      case 3:
        return { op: 'is', entity_type: random.pick(TYPES), in: { entity } };
      default:
        return { op: 'All' };
    }
  }

  #actionScope(): PolicyJson['action'] {
    const { random } = this;
    switch (random.below(6)) {
      case 0:
        return { op: '==', entity: action(random) };
      case 1:
        return { op: 'in', entity: action(random) };
      case 2:
        return { op: 'in', entities: [action(random), action(random), action(random)] };
      default:
        return { op: 'All' };
    }
  }

  expression(wanted: Kind, depth: number): Expr {
    const { random } = this;
    const kind = random.chance(WRONG_SHARE) ? random.pick(KINDS) : wanted;
    if (depth <= 0 || random.chance(0.15)) return this.#leaf(kind);
    if (random.chance(0.06)) return this.#choice(kind, depth - 1);
    if (kind === 'bool') return this.#test(depth - 1);
    if (kind === 'long') return this.#number(depth - 1);
    if (kind === 'set') return { Set: random.some(3, () => this.expression(random.pick(KINDS), depth - 1)) };
    if (kind === 'record')
      return {
        Record: Object.fromEntries(
          random.some(3, () => random.pick(KINDS)).map((one) => [NAME_OF[one], this.expression(one, depth - 1)]),
        ),
      };
    if (kind === 'datetime')
      return random.chance(0.5)
        ? call('offset', this.expression('datetime', depth - 1), this.expression('duration', depth - 1))
        : call('toDate', this.expression('datetime', depth - 1));
    if (kind === 'duration')
      return random.chance(0.5)
        ? call('durationSince', this.expression('datetime', depth - 1), this.expression('datetime', depth - 1))
        : call('toTime', this.expression('datetime', depth - 1));
    return this.#leaf(kind);
  }

  #choice(kind: Kind, depth: number): Expr {
    const [test, yes, no] = (['bool', kind, kind] as const).map((one) => this.expression(one, depth));
    const branches = [
      ['if', test],
      ['then', yes],
      ['else', no],
    ];
    return { 'if-then-else': Object.fromEntries(branches) as { if: Expr; then: Expr; else: Expr } };
  }

  /** A literal, or what lies in context, an entity or a tag. */
  #leaf(kind: Kind): Expr {
    const { random } = this;
    const attr = random.chance(0.03) ? random.pick(NAMES) : NAME_OF[kind];
    if (random.chance(0.45)) return { '.': { left: { Var: 'context' }, attr } };
    if (random.chance(0.1)) return { '.': { left: variable(random), attr } };
    if (random.chance(0.05)) return { '.': { left: { '.': { left: { Var: 'context' }, attr: 'inner' } }, attr } };
    if (random.chance(0.05)) return operator('getTag', variable(random), { Value: attr });
    switch (kind) {
      case 'bool':
        return { Value: random.chance(0.5) };
      case 'long':
        return { Value: long(random) };
      case 'text':
        return { Value: random.pick(TEXTS) };
      case 'entity':
        return random.chance(0.5) ? variable(random) : { Value: { __entity: uid(random) } };
      case 'set':
        return { Set: random.some(3, () => this.#leaf(random.pick(KINDS))) };
      case 'record':
        return { Var: 'context' };
      default:
        return call(kind, random.chance(0.97) ? { Value: extensionText(random, kind) } : this.#leaf('text'));
    }
  }

  #number(depth: number): Expr {
    const { random } = this;
    switch (random.below(5)) {
      case 0:
        return { neg: { arg: this.expression('long', depth) } };
      case 1:
        return call(random.pick(SPAN_PARTS), this.expression('duration', depth));
      default:
        return operator(random.pick(['+', '-', '*']), this.expression('long', depth), this.expression('long', depth));
    }
  }

  #test(depth: number): Expr {
    const { random } = this;
    const make = random.pick(this.#tests);
    return make.call(this, depth);
  }

  readonly #tests: readonly ((depth: number) => Expr)[] = [
    (depth) => ({ '!': { arg: this.expression('bool', depth) } }),
    (depth) => operator('&&', this.expression('bool', depth), this.expression('bool', depth)),
    (depth) => operator('||', this.expression('bool', depth), this.expression('bool', depth)),
    (depth) => {
      const kind = this.random.pick(KINDS);
      const other = this.random.chance(0.9) ? kind : this.random.pick(KINDS);
      return operator(this.random.pick(['==', '!=']), this.expression(kind, depth), this.expression(other, depth));
    },
    (depth) => {
      const kind = this.random.pick(['long', 'long', 'datetime', 'duration'] as const);
      return operator(this.random.pick(COMPARISONS), this.expression(kind, depth), this.expression(kind, depth));
    },
    (depth) => operator('contains', this.expression('set', depth), this.expression(this.random.pick(KINDS), depth)),
    (depth) =>
      operator(
        this.random.pick(['containsAll', 'containsAny']),
        this.expression('set', depth),
        this.expression('set', depth),
      ),
    (depth) => ({ isEmpty: { arg: this.expression('set', depth) } }),
    (depth) =>
      operator(
        'in',
        this.expression('entity', depth),
        this.random.chance(0.5) ? this.expression('entity', depth) : this.#entities(depth),
      ),
    (depth) => operator('hasTag', this.expression('entity', depth), this.expression('text', depth)),
    (depth) => this.#has(depth),
    (depth) => ({ like: { left: this.expression('text', depth), pattern: this.#pattern() } }),
    (depth) => ({
      is: {
        left: this.expression('entity', depth),
        entity_type: this.random.pick(TYPES),
        ...(this.random.chance(0.5) ? { in: this.expression('entity', depth) } : {}),
      },
    }),
    (depth) =>
      call(this.random.pick(DECIMAL_TESTS), this.expression('decimal', depth), this.expression('decimal', depth)),
    (depth) => call(this.random.pick(IP_TESTS), this.expression('ip', depth)),
    (depth) => call('isInRange', this.expression('ip', depth), this.expression('ip', depth)),
  ];

  #entities(depth: number): Expr {
    return { Set: this.random.some(3, () => this.expression('entity', depth)) };
  }

  #has(depth: number): Expr {
    const { random } = this;
    const left = random.chance(0.6) ? ({ Var: 'context' } as const) : this.expression('entity', depth);
    // Only what is an identifier can be chained in Cedar's text.
    const chain = ['inner', random.pick(NAMES.filter((name) => /^\w+$/.test(name)))];
    return random.chance(0.3) ? { has: { left, attr: chain } } : { has: { left, attr: random.pick(NAMES) } };
  }

  #pattern(): ('Wildcard' | { Literal: string })[] {
    return this.random.some(4, () =>
      this.random.chance(0.5)
        ? ('Wildcard' as const)
        : { Literal: this.random.pick(['a', 'b', 'c', '*', '.', 'example', 'é', '😀', '\\']) },
    );
  }
}

export const policySetOf = (policies: Record<string, PolicyJson | string>): PolicySet => ({ staticPolicies: policies });
