/** Prints `N passed, N failed` for CI. Arguments: 1 or 0 for "verify failed", 1 or 0 for "npm test failed". */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { countTests } from './vitest.ts';

const reports = join(resolve(import.meta.dirname, '..', '..'), '.cache', 'reports');
const [verifyFailed, testFailed] = process.argv.slice(2).map((argument) => argument === '1');

const tests = existsSync(join(reports, 'test.json'))
  ? countTests(JSON.parse(readFileSync(join(reports, 'test.json'), 'utf8')))
  : { passed: 0, failed: 1 };
const verifySteps = verifyFailed ? Math.max(failedSteps(), 1) : 0;
const failed = (testFailed ? Math.max(tests.failed, 1) : tests.failed) + verifySteps;
process.stdout.write(`${tests.passed} passed, ${failed} failed\n`);

function failedSteps(): number {
  const file = join(reports, 'verify.json');
  if (!existsSync(file)) return 0;
  return (JSON.parse(readFileSync(file, 'utf8')) as { ok: boolean }[]).filter(({ ok }) => !ok).length;
}
