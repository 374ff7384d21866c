import type { AgentManifest } from '@signalbox/contracts';
import { isRecord } from './expression-work.js';

/** Items of a list of extracted values. */
const ITEMS_MAX = 32;
const DATES: Record<string, RegExp> = {
  date: /^\d{4}-\d{2}-\d{2}$/,
  time: /^\d{2}:\d{2}(?::\d{2})?$/,
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/,
};
const SCALARS: ReadonlySet<unknown> = new Set(['number', 'integer', 'boolean', 'null']);

/** Why an agent cannot be one that extracts; by field. */
export function extractFaults({ extract, output, tools, plan }: AgentManifest): [field: string, message: string][] {
  if (extract !== true) return [];
  const faults: [string, string][] = [];
  if (tools.length > 0) faults.push(['tools', 'an agent that extracts has none']);
  if (plan !== undefined) faults.push(['plan', 'an agent that extracts has none']);
  if (output === undefined) faults.push(['output', 'an agent that extracts must promise a shape']);
  else faults.push(...openIn(output.schema, 'output.schema').map((at): [string, string] => [at, OPEN]));
  return faults;
}

const OPEN =
  'must be a number, true or false, one of listed values, a date, or lists (maxItems) and objects (additionalProperties false) of these';

/** Where a schema leaves room for words; empty: nowhere. */
function openIn(schema: unknown, at: string): string[] {
  if (!isRecord(schema)) return [at];
  if (Array.isArray(schema['enum']) || 'const' in schema) return [];
  const { type, format } = schema;
  if (SCALARS.has(type)) return [];
  if (type === 'string') return typeof format === 'string' && Object.hasOwn(DATES, format) ? [] : [at];
  if (type === 'array') {
    const bound = schema['maxItems'];
    return typeof bound === 'number' && bound <= ITEMS_MAX ? openIn(schema['items'], `${at}.items`) : [at];
  }
  const { properties, additionalProperties } = schema;
  if (type !== 'object' || additionalProperties !== false || !isRecord(properties)) return [at];
  return Object.entries(properties).flatMap(([name, inner]) => openIn(inner, `${at}.properties.${name}`));
}

/** Whether what the agent answers is what it was made of closed values alone: no words of others fit into it. */
export const extracts = (agent: AgentManifest): boolean => agent.extract === true && extractFaults(agent).length === 0;

/** What of a value that matches the schema is no date though it must be, by JSON pointer. */
export function dateFaults(schema: unknown, value: unknown, at = ''): string[] {
  if (!isRecord(schema)) return [];
  const { format, items, properties } = schema;
  if (typeof value === 'string' && !('enum' in schema) && !('const' in schema)) {
    const pattern = typeof format === 'string' && Object.hasOwn(DATES, format) ? DATES[format] : undefined;
    return pattern?.test(value) === true ? [] : [`${at || '(answer)'} is no ${String(format)}`];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => dateFaults(items, item, `${at}/${index}`));
  if (!isRecord(value) || !isRecord(properties)) return [];
  return Object.entries(value).flatMap(([name, item]) => dateFaults(properties[name], item, `${at}/${name}`));
}
