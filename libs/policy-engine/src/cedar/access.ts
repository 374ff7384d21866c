import type { CedarRequest } from './request.js';
import { asEntity, asSet, CedarRecord, type CedarValue, EntityUid } from './value.js';

export function isIn(one: CedarValue, others: CedarValue, { entities }: CedarRequest): boolean {
  const uid = asEntity(one);
  if (others instanceof EntityUid) return entities.isIn(uid, others);
  // One element that is no entity is an error, whatever the others are.
  return asSet(others)
    .items()
    .map(asEntity)
    .some((other) => entities.isIn(uid, other));
}

export function hasAttribute(value: CedarValue, name: string, { entities }: CedarRequest): boolean {
  if (value instanceof CedarRecord) return value.has(name);
  return entities.hasAttribute(asEntity(value), name);
}

export function attributeOf(value: CedarValue, name: string, { entities }: CedarRequest): CedarValue {
  if (value instanceof CedarRecord) return value.get(name);
  return entities.attribute(asEntity(value), name);
}
