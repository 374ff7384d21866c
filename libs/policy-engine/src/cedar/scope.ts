import { asList, asObject, asString, entityOf, type Json, Unsupported } from './policy-json.js';
import type { Entities } from './entities.js';
import type { EntityUid } from './value.js';

/**
 * What the head of a policy asks of one of its variables, as keys of an index: a request matches when one of `keysFor` is
 * among `keys` and, where it is named, the type is right.
 */
export interface Scope {
  keys: readonly string[];
  /** Beside `in`: the type that it must have. */
  type: string | null;
}

export const ANY: Scope = { keys: ['*'], type: null };

const equalTo = ({ key }: EntityUid): string => `=${key}`;
const within = (key: string): string => `^${key}`;
const ofType = (type: string): string => `:${type}`;

/** Throws Unsupported, also for the slots of templates. */
export function scopeOf(constraint: unknown, what: string): Scope {
  const scope = asObject(constraint, `the scope of the ${what}`);
  switch (scope['op']) {
    case 'All':
      return ANY;
    case '==':
      return { keys: [equalTo(entityOf(scope['entity']))], type: null };
    case 'in':
      return { keys: keysWithin(scope), type: null };
    case 'is': {
      const type = asString(scope['entity_type'], 'the type of an entity');
      if (scope['in'] === undefined) return { keys: [ofType(type)], type: null };
      return { keys: keysWithin(asObject(scope['in'], 'a scope')), type };
    }
    default:
      throw new Unsupported(`the scope of the ${what} has an operator that is not known`);
  }
}

function keysWithin({ entity, entities }: Json): string[] {
  const uids = entities === undefined ? [entity] : asList(entities, 'a scope');
  return uids.map((uid) => within(entityOf(uid).key));
}

/** Under which keys the policies stand that an entity may match. */
export function keysFor(uid: EntityUid, entities: Entities): string[] {
  const above = Array.from(entities.ancestorsOf(uid), within);
  return [ANY.keys[0]!, equalTo(uid), ofType(uid.type), within(uid.key), ...above];
}
