import type { z } from 'zod';

type Schema = z.core.$ZodTypes;

/** Names listed where a field is unknown. */
const KNOWN_MAX = 16;

/** One thing that is wrong: where, in words of the schema alone, and what. */
export interface IssueText {
  /** `items.3.name`; `?` stands for a key that the sender chose, such as one of a record. */
  field: string;
  problem: string;
}

/** Says what is wrong without repeating anything that was sent: neither values nor keys that the schema does not name. */
export function issueText(schema: z.ZodType, issue: z.core.$ZodIssue): IssueText {
  let nodes = unwrapped(schema as unknown as Schema);
  const field = issue.path.map((segment) => {
    const known = typeof segment === 'number' || nodes.some((node) => shapeOf(node)?.[String(segment)] !== undefined);
    nodes = nodes.flatMap((node) => below(node, segment));
    return known ? String(segment) : '?';
  });
  return { field: field.join('.'), problem: problemOf(issue, nodes) };
}

function problemOf(issue: z.core.$ZodIssue, nodes: Schema[]): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  const known = nodes.flatMap((node) => Object.keys(shapeOf(node) ?? {})).slice(0, KNOWN_MAX);
  return `${issue.keys.length} unknown field${issue.keys.length === 1 ? '' : 's'}; known are ${known.join(', ')}`;
}

/** What a schema stands for beneath its wrappers; several for a union. */
function unwrapped(schema: Schema): Schema[] {
  const def = schema._zod.def;
  switch (def.type) {
    case 'union':
      return def.options.flatMap((option) => unwrapped(option as Schema));
    case 'intersection':
      return [def.left, def.right].flatMap((side) => unwrapped(side as Schema));
    case 'pipe':
      return [def.in, def.out].flatMap((side) => unwrapped(side as Schema));
    case 'lazy':
      return unwrapped(def.getter() as Schema);
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return unwrapped(def.innerType as Schema);
    default:
      return [schema];
  }
}

function shapeOf(node: Schema): Record<string, unknown> | undefined {
  const def = node._zod.def;
  return def.type === 'object' ? def.shape : undefined;
}

function below(node: Schema, segment: PropertyKey): Schema[] {
  const def = node._zod.def;
  if (def.type === 'array') return unwrapped(def.element as Schema);
  if (def.type === 'record') return unwrapped(def.valueType as Schema);
  if (def.type === 'tuple') return unwrapped((def.items[Number(segment)] ?? def.rest ?? node) as Schema);
  const child = shapeOf(node)?.[String(segment)];
  return child === undefined ? [] : unwrapped(child as Schema);
}
