/**
 * Values of Cedar while it is evaluated (docs.cedarpolicy.com/policies/syntax-datatypes). A Long is a number while it is a
 * safe integer and a bigint beyond, so that equal Longs are always the same primitive.
 */
export type CedarValue =
  | boolean
  | Long
  | string
  | EntityUid
  | CedarSet
  | CedarRecord
  | CedarDecimal
  | CedarIp
  | CedarDatetime
  | CedarDuration;

export type Long = number | bigint;

/** A policy cannot be evaluated for a request: a type, an attribute, an entity or a number is not what it takes. */
export class EvaluationError extends Error {}

export class EntityUid {
  /** Unambiguous: the type of an entity holds no quotation mark. */
  readonly key: string;

  constructor(
    readonly type: string,
    readonly id: string,
  ) {
    this.key = `${type}"${id}`;
  }
}

/** Attributes by name. Where they come from, and when they are made, is the matter of who extends it. */
export abstract class CedarRecord {
  abstract has(name: string): boolean;
  /** Throws where there is none of that name, or none that can be read. */
  abstract get(name: string): CedarValue;
  abstract names(): Iterable<string>;
}

export class PlainRecord extends CedarRecord {
  constructor(readonly attributes: ReadonlyMap<string, CedarValue>) {
    super();
  }

  override has(name: string): boolean {
    return this.attributes.has(name);
  }

  override get(name: string): CedarValue {
    return this.attributes.get(name) ?? absent(name);
  }

  override names(): Iterable<string> {
    return this.attributes.keys();
  }
}

/** Up to so many items a set is looked through as it is; beyond, it is indexed first. */
const UNINDEXED_MAX = 8;

/** Without order or repetition. Scalars are found by themselves, anything else by its key: no look-up walks a large set. */
export class CedarSet {
  #index: { scalars: Set<CedarValue>; others: Map<string, CedarValue> } | undefined;

  /** Items may repeat. */
  constructor(private readonly all: readonly CedarValue[]) {}

  get isEmpty(): boolean {
    return this.all.length === 0;
  }

  has(value: CedarValue): boolean {
    if (!isScalar(value)) return this.#indexed().others.has(keyOf(value));
    return this.all.length <= UNINDEXED_MAX ? this.all.includes(value) : this.#indexed().scalars.has(value);
  }

  hasAll(other: CedarSet): boolean {
    return other.all.every((item) => this.has(item));
  }

  hasAny(other: CedarSet): boolean {
    return other.all.some((item) => this.has(item));
  }

  /** Each once. */
  items(): CedarValue[] {
    const { scalars, others } = this.#indexed();
    return [...scalars, ...others.values()];
  }

  #indexed(): { scalars: Set<CedarValue>; others: Map<string, CedarValue> } {
    if (this.#index) return this.#index;
    const others = new Map<string, CedarValue>();
    for (const item of this.all) if (!isScalar(item)) others.set(keyOf(item), item);
    this.#index = { scalars: new Set(this.all.filter(isScalar)), others };
    return this.#index;
  }
}

/** In ten-thousandths. */
export class CedarDecimal {
  constructor(readonly units: bigint) {}
}

/** An address or, with a prefix shorter than the address, a range. */
export class CedarIp {
  constructor(
    readonly version: 4 | 6,
    readonly bits: bigint,
    readonly prefix: number,
  ) {}
}

/** Milliseconds since 1970. */
export class CedarDatetime {
  constructor(readonly ms: Long) {}
}

export class CedarDuration {
  constructor(readonly ms: Long) {}
}

const isScalar = (value: CedarValue): value is boolean | Long | string => typeof value !== 'object';

/** Equality of Cedar: never an error, false between types. */
export function equals(a: CedarValue, b: CedarValue): boolean {
  if (a === b) return true;
  if (isScalar(a) || isScalar(b)) return false;
  if (a instanceof EntityUid) return b instanceof EntityUid && a.id === b.id && a.type === b.type;
  return !(b instanceof EntityUid) && keyOf(a) === keyOf(b);
}

/** The same text for equal values, another one for others. */
export function keyOf(value: CedarValue): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    case 'number':
    case 'bigint':
      return `l${value}`;
    default:
      return compositeKey(value);
  }
}

function compositeKey(value: Exclude<CedarValue, boolean | Long | string>): string {
  if (value instanceof EntityUid) return `e${JSON.stringify(value.key)}`;
  if (value instanceof CedarSet) return `[${value.items().map(keyOf).toSorted().join(',')}]`;
  if (value instanceof CedarDecimal) return `d${value.units}`;
  if (value instanceof CedarIp) return `i${value.version}/${value.bits}/${value.prefix}`;
  if (value instanceof CedarDatetime) return `t${value.ms}`;
  if (value instanceof CedarDuration) return `u${value.ms}`;
  const entries = Array.from(value.names(), (name) => `${JSON.stringify(name)}:${keyOf(value.get(name))}`);
  return `{${entries.toSorted().join(',')}}`;
}

export const asBoolean = (value: CedarValue): boolean => (typeof value === 'boolean' ? value : wrong('a boolean'));
export const asText = (value: CedarValue): string => (typeof value === 'string' ? value : wrong('a string'));
export const asLong = (value: CedarValue): Long =>
  typeof value === 'number' || typeof value === 'bigint' ? value : wrong('a whole number');
export const asEntity = (value: CedarValue): EntityUid => (value instanceof EntityUid ? value : wrong('an entity'));
export const asSet = (value: CedarValue): CedarSet => (value instanceof CedarSet ? value : wrong('a set'));

export function absent(name: string): never {
  throw new EvaluationError(`There is no attribute ${name.slice(0, 64)}.`);
}

export function wrong(wanted: string): never {
  throw new EvaluationError(`A value is not ${wanted}.`);
}
