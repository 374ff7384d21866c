import { z } from 'zod';
import { readArguments } from '../../arguments.js';
import { openAccess } from '../../mesh-access.js';
import { askPolicy } from '../../policy-api.js';
import { printer } from '../../print.js';
import { UsageError } from '../../usage-error.js';
import { TestResult, testTable } from './test-table.js';

const TestRun = z.object({ passed: z.boolean(), results: z.array(TestResult) });

/** `signalbox policy test`: 0 when all pass, 1 when one fails. */
export async function test(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {});
  if (positionals.length > 0) throw new UsageError('signalbox policy test');
  const run = await askPolicy(openAccess(values), '/tests/run', TestRun, { method: 'POST' });
  const passed = run.results.filter(({ ok }) => ok).length;
  const text = run.results.length === 0 ? 'There are no tests.' : testTable(run.results);
  return printer(values.json)(run, `${text}\n${passed} of ${run.results.length} passed`, run.passed ? 0 : 1);
}
