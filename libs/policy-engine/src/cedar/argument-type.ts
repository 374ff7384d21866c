/** How an argument looks to policies. What JSON Schema can say and Cedar cannot is left out, so no policy can name it. */
export type ArgumentType =
  | { kind: 'String' | 'Long' | 'Boolean' | 'decimal' }
  | { kind: 'Set'; element: ArgumentType }
  | RecordType;

export interface RecordType {
  kind: 'Record';
  attributes: ReadonlyMap<string, { type: ArgumentType; isRequired: boolean }>;
}

type Schema = Record<string, unknown>;

const SCALARS: Record<string, 'String' | 'Long' | 'Boolean' | 'decimal'> = {
  string: 'String',
  integer: 'Long',
  number: 'decimal',
  boolean: 'Boolean',
};
/** Cedar's JSON gives these names a meaning. */
const RESERVED = '__';

/** The arguments of a tool, from the JSON Schema in its manifest. */
export function argumentsOf(parameters: Schema): RecordType {
  const required = new Set(Array.isArray(parameters['required']) ? parameters['required'] : []);
  const attributes = Object.entries(objectOr(parameters['properties'], {})).flatMap(([name, schema]) => {
    const found = name.startsWith(RESERVED) ? null : typeOf(schema);
    return found === null ? [] : [[name, { ...found, isRequired: required.has(name) && !found.isNullable }] as const];
  });
  return { kind: 'Record', attributes: new Map(attributes) };
}

/** Null: several kinds of values may come, or one that Cedar does not know. */
function typeOf(schema: unknown): { type: ArgumentType; isNullable: boolean } | null {
  const { type, items, properties, required } = objectOr(schema, {});
  const names = Array.isArray(type) ? type : [type];
  const [name, ...more] = names.filter((one) => one !== 'null');
  if (typeof name !== 'string' || more.length > 0) return null;
  const isNullable = names.length > 1;
  if (name === 'object') return { type: argumentsOf({ properties, required }), isNullable };
  if (name === 'array') {
    const element = typeOf(items);
    return element === null || element.isNullable ? null : { type: { kind: 'Set', element: element.type }, isNullable };
  }
  const kind = Object.hasOwn(SCALARS, name) ? SCALARS[name] : undefined;
  return kind === undefined ? null : { type: { kind }, isNullable };
}

function objectOr(value: unknown, otherwise: Schema): Schema {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Schema) : otherwise;
}
