import { isSafePattern, Pattern } from './pattern.js';

/**
 * The part of JSON Schema that tools use for their arguments, and agents for their output. Closed: a keyword that is not known here
 * makes every value invalid, so that nothing passes unchecked.
 */
const ANNOTATIONS = new Set([
  'title',
  'description',
  'default',
  'examples',
  '$schema',
  '$id',
  '$comment',
  'deprecated',
  'readOnly',
  'writeOnly',
  'format',
]);
const DEPTH_MAX = 32;
const FAULTS_MAX = 8;
const PATTERN_TEXT_CHARS_MAX = 256;

type Schema = Record<string, unknown>;
type Check = (bound: unknown, value: unknown, at: string, walk: Walk) => void;
/** How faults speak of the value as a whole, and of a property that the schema does not have. */
interface SchemaWords {
  root: string;
  unknown: string;
}
const ARGUMENTS: SchemaWords = { root: '(arguments)', unknown: 'is not a known argument' };
interface Walk {
  words: SchemaWords;
  faults: string[];
  depth: number;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

function fault(walk: Walk, at: string, text: string): void {
  if (walk.faults.length < FAULTS_MAX) walk.faults.push(`${at === '' ? walk.words.root : at} ${text}`);
}

const TYPES: Record<string, (value: unknown) => boolean> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

function bound(
  applies: (value: unknown) => number | null,
  holds: (size: number, limit: number) => boolean,
  text: string,
): Check {
  return (limit, value, at, walk) => {
    if (typeof limit !== 'number') return fault(walk, at, 'has a schema with a bound that is no number');
    const size = applies(value);
    if (size !== null && !holds(size, limit)) fault(walk, at, `${text} ${limit}`);
  };
}
const lengthOf = (value: unknown): number | null => (typeof value === 'string' ? Array.from(value).length : null);
const countOf = (value: unknown): number | null => (Array.isArray(value) ? value.length : null);
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

const CHECKS: Record<string, Check> = {
  type: (types, value, at, walk) => {
    const isOf = (name: unknown): boolean => TYPES[String(name)]?.(value) === true;
    if (Array.isArray(types) ? types.some(isOf) : isOf(types)) return;
    fault(walk, at, `must be of type ${[types].flat().join(' or ')}`);
  },
  enum: (allowed, value, at, walk) => {
    if (!Array.isArray(allowed) || !allowed.some((item) => JSON.stringify(item) === JSON.stringify(value)))
      fault(walk, at, `must be one of ${JSON.stringify(allowed).slice(0, 200)}`);
  },
  const: (only, value, at, walk) => {
    if (JSON.stringify(only) !== JSON.stringify(value))
      fault(walk, at, `must be ${JSON.stringify(only).slice(0, 200)}`);
  },
  required: (names, value, at, walk) => {
    if (!isObject(value) || !Array.isArray(names)) return;
    for (const name of names)
      if (!Object.hasOwn(value, String(name))) fault(walk, `${at}/${String(name)}`, 'is missing');
  },
  properties: (properties, value, at, walk) => {
    if (!isObject(value) || !isObject(properties)) return;
    for (const name of Object.keys(properties))
      if (Object.hasOwn(value, name)) check(properties[name], value[name], `${at}/${name}`, walk);
  },
  items: (schema, value, at, walk) => {
    if (Array.isArray(value)) value.forEach((item, index) => check(schema, item, `${at}/${index}`, walk));
  },
  minimum: bound(numberOf, (size, limit) => size >= limit, 'must be at least'),
  maximum: bound(numberOf, (size, limit) => size <= limit, 'must be at most'),
  exclusiveMinimum: bound(numberOf, (size, limit) => size > limit, 'must be more than'),
  exclusiveMaximum: bound(numberOf, (size, limit) => size < limit, 'must be less than'),
  minLength: bound(lengthOf, (size, limit) => size >= limit, 'must have characters: at least'),
  maxLength: bound(lengthOf, (size, limit) => size <= limit, 'must have characters: at most'),
  minItems: bound(countOf, (size, limit) => size >= limit, 'must have items: at least'),
  maxItems: bound(countOf, (size, limit) => size <= limit, 'must have items: at most'),
  pattern: (pattern, value, at, walk) => {
    if (typeof value !== 'string') return;
    if (!(pattern instanceof Pattern)) return fault(walk, at, 'has a schema with a pattern that may take too long');
    if (value.length > PATTERN_TEXT_CHARS_MAX)
      return fault(walk, at, `is longer than the ${PATTERN_TEXT_CHARS_MAX} characters that a pattern is tried on`);
    if (!pattern.tryOn(value).matches) fault(walk, at, 'does not match its pattern');
  },
};

interface Rule {
  keyword: string;
  limit: unknown;
  rule: Check | undefined;
}
/** Schemas are never changed, and are asked again for every call of their tool. */
const rules = new WeakMap<Schema, Rule[]>();

function rulesOf(schema: Schema): Rule[] {
  const known = rules.get(schema);
  if (known !== undefined) return known;
  const found = Object.entries(schema)
    .filter(([keyword]) => !ANNOTATIONS.has(keyword) && keyword !== 'additionalProperties')
    .map(([keyword, limit]) => ({
      keyword,
      limit: keyword === 'pattern' ? Pattern.of(limit) : limit,
      rule: Object.hasOwn(CHECKS, keyword) ? CHECKS[keyword] : undefined,
    }));
  rules.set(schema, found);
  return found;
}

function check(schema: unknown, value: unknown, at: string, walk: Walk): void {
  if (schema === true) return;
  if (!isObject(schema)) return fault(walk, at, schema === false ? 'is not allowed' : 'has no valid schema');
  if (walk.depth >= DEPTH_MAX) return fault(walk, at, `is nested deeper than ${DEPTH_MAX}`);
  if (walk.faults.length >= FAULTS_MAX) return;
  walk.depth += 1;
  for (const { keyword, limit, rule } of rulesOf(schema)) {
    if (rule === undefined) fault(walk, at, `has a schema with the keyword ${keyword}, which is not supported`);
    else rule(limit, value, at, walk);
  }
  if (isObject(value) && 'additionalProperties' in schema) checkOthers(schema, value, at, walk);
  walk.depth -= 1;
}

function checkOthers(schema: Schema, value: Record<string, unknown>, at: string, walk: Walk): void {
  const known = isObject(schema['properties']) ? schema['properties'] : {};
  const others = schema['additionalProperties'];
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(known, name)) continue;
    if (others === false) fault(walk, `${at}/${name.slice(0, 64)}`, walk.words.unknown);
    else check(others, value[name], `${at}/${name.slice(0, 64)}`, walk);
  }
}

/** What is wrong with the value, by JSON pointer; empty when it matches. At most eight lines, never a value. */
export function schemaFaults(schema: Schema, value: unknown, words = ARGUMENTS): string[] {
  const walk: Walk = { words, faults: [], depth: 0 };
  check(schema, value, '', walk);
  return walk.faults;
}

/** Keywords and patterns of a schema that this validator refuses; for whoever writes a tool or an agent. */
export function unsupportedIn(schema: unknown, at = ''): string[] {
  if (!isObject(schema)) return typeof schema === 'boolean' ? [] : [`${at || '/'} is not a schema`];
  const found: string[] = [];
  for (const [keyword, limit] of Object.entries(schema)) {
    if (keyword === 'properties' && isObject(limit)) {
      for (const [name, inner] of Object.entries(limit))
        found.push(...unsupportedIn(inner, `${at}/properties/${name}`));
    } else if (keyword === 'items' || keyword === 'additionalProperties')
      found.push(...unsupportedIn(limit, `${at}/${keyword}`));
    else if (keyword === 'pattern' && (typeof limit !== 'string' || !isSafePattern(limit)))
      found.push(`${at}/pattern may take too long`);
    else if (!ANNOTATIONS.has(keyword) && !Object.hasOwn(CHECKS, keyword))
      found.push(`${at}/${keyword} is not supported`);
  }
  return found;
}
