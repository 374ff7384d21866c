import { z } from 'zod';

const Row = z.record(z.string(), z.unknown());
const Summary = z.looseObject({
  file: z.string(),
  columns: z.array(z.string()),
  rows: z.number(),
  numeric: z.record(z.string(), z.object({ min: z.number(), max: z.number(), mean: z.number() })),
  best: z.object({ column: z.string(), largest: Row, smallest: Row }).optional(),
});
export type Summary = z.infer<typeof Summary>;

const DEPTH_MAX = 4;

/** Finds the summary that our code printed: the answer itself, a line of it, or a field such as `stdout`. */
export function findSummary(answer: string): Summary | undefined {
  const direct = search(answer, 0);
  if (direct) return direct;
  for (const line of answer.split('\n')) {
    const found = line.startsWith('{') ? search(line, 0) : undefined;
    if (found) return found;
  }
  return undefined;
}

function search(value: unknown, depth: number): Summary | undefined {
  if (depth > DEPTH_MAX) return undefined;
  if (typeof value === 'string') return value.trimStart().startsWith('{') ? search(parse(value), depth + 1) : undefined;
  const parsed = Summary.safeParse(value);
  if (parsed.success) return parsed.data;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const item of Object.values(value)) {
    const found = search(item, depth + 1);
    if (found) return found;
  }
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
