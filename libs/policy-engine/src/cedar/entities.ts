import { type CedarRecord, type CedarValue, type EntityUid, EvaluationError, PlainRecord } from './value.js';

/** An entity as it is given: its own attributes and tags, and what it is in directly. */
export interface CedarEntity {
  uid: EntityUid;
  parents: readonly EntityUid[];
  attributes: CedarRecord;
  tags?: CedarRecord;
}

const NONE: ReadonlySet<string> = new Set();
const NO_TAGS = new PlainRecord(new Map());

/** Entities by their uid, with all that each is in. What is not here is in nothing and has nothing. */
export class Entities {
  readonly #byKey: ReadonlyMap<string, CedarEntity>;
  readonly #ancestors = new Map<string, ReadonlySet<string>>();

  constructor(entities: readonly CedarEntity[] = []) {
    this.#byKey = new Map(entities.map((entity) => [entity.uid.key, entity]));
  }

  /** As they were given. */
  all(): CedarEntity[] {
    return [...this.#byKey.values()];
  }

  /** Whether the one is the other, or in it at any depth. */
  isIn(one: EntityUid, other: EntityUid): boolean {
    return one.key === other.key || this.ancestorsOf(one).has(other.key);
  }

  /** Keys of what it is in, at any depth, without itself. */
  ancestorsOf({ key }: EntityUid): ReadonlySet<string> {
    const known = this.#ancestors.get(key);
    if (known) return known;
    const direct = this.#byKey.get(key)?.parents ?? [];
    if (direct.length === 0) return NONE;
    const found = new Set<string>();
    for (const open = [...direct]; open.length > 0;) {
      const parent = open.pop()!;
      if (found.has(parent.key)) continue;
      found.add(parent.key);
      open.push(...(this.#byKey.get(parent.key)?.parents ?? []));
    }
    this.#ancestors.set(key, found);
    return found;
  }

  hasAttribute(uid: EntityUid, name: string): boolean {
    return this.#byKey.get(uid.key)?.attributes.has(name) === true;
  }

  attribute(uid: EntityUid, name: string): CedarValue {
    return this.#known(uid).attributes.get(name);
  }

  hasTag(uid: EntityUid, name: string): boolean {
    return this.#byKey.get(uid.key)?.tags?.has(name) === true;
  }

  tag(uid: EntityUid, name: string): CedarValue {
    return (this.#known(uid).tags ?? NO_TAGS).get(name);
  }

  #known({ key, type, id }: EntityUid): CedarEntity {
    const found = this.#byKey.get(key);
    if (found) return found;
    throw new EvaluationError(`Nothing is known of ${type} ${id.slice(0, 64)}.`);
  }
}
