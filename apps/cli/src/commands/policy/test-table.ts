import { z } from 'zod';
import { table } from '../../table.js';

export const TestResult = z.object({
  id: z.string(),
  ok: z.boolean(),
  expected: z.object({ outcome: z.string(), by: z.array(z.string()).optional() }),
  outcome: z.string(),
  kind: z.string(),
  by: z.array(z.string()),
  reason: z.string(),
});
export type TestResult = z.infer<typeof TestResult>;

/** Results of tests, those that fail first. */
export function testTable(results: readonly TestResult[]): string {
  const rows = results
    .toSorted((a, b) => Number(a.ok) - Number(b.ok) || a.id.localeCompare(b.id))
    .map(({ id, ok, expected, outcome, by, reason }) => [
      ok ? 'passed' : 'FAILED',
      id,
      [expected.outcome, ...(expected.by ? [`by ${expected.by.join(', ')}`] : [])].join(' '),
      [outcome, ...(by.length > 0 ? [`by ${by.join(', ')}`] : [])].join(' '),
      ok ? '' : reason,
    ]);
  return table(['test', 'id', 'expected', 'decided', 'why'], rows);
}
