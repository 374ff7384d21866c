import { EXTENSIONS } from './extensions.js';
import { asList, asObject, asString, entityOf, Unsupported } from './policy-json.js';
import { CedarSet, type CedarValue, PlainRecord } from './value.js';

/**
 * A value written out in JSON. Unsupported: a number beyond the safe integers, since its last digits were lost when the
 * JSON was read.
 */
export function literalOf(value: unknown): CedarValue {
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value;
    throw new Unsupported(`the number ${value} is not a whole number below 2^53`);
  }
  if (Array.isArray(value)) return new CedarSet(value.map(literalOf));
  const object = asObject(value, 'a value');
  if ('__entity' in object) return entityOf(object);
  if ('__extn' in object) return extensionValue(object['__extn']);
  return new PlainRecord(new Map(Object.entries(object).map(([name, item]) => [name, literalOf(item)])));
}

function extensionValue(value: unknown): CedarValue {
  const { fn, arg, args } = asObject(value, 'an extension value');
  const name = asString(fn, 'the name of an extension function');
  const extension = EXTENSIONS.get(name);
  const given = (args === undefined ? [arg] : asList(args, 'the arguments of an extension function')).map(literalOf);
  if (extension?.arity !== given.length) throw new Unsupported(`there is no extension function ${name}`);
  return extension.call(...given);
}
