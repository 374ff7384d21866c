import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..', '..');

export interface TestCount {
  passed: number;
  failed: number;
}

/** Runs vitest with these arguments in this terminal; the counts come from its JSON report. */
export async function runVitest(reportName: string, args: readonly string[]): Promise<TestCount & { ok: boolean }> {
  const report = join(root, '.cache', 'reports', `${reportName}.json`);
  mkdirSync(join(root, '.cache', 'reports'), { recursive: true });
  rmSync(report, { force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', '--passWithNoTests', ...reporters, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  const ok = await new Promise<boolean>((done) => child.on('close', (code) => done(code === 0)));
  const count = existsSync(report) ? countTests(JSON.parse(readFileSync(report, 'utf8'))) : { passed: 0, failed: 1 };
  // An error outside of any test fails the run without failing a test.
  return { ok, passed: count.passed, failed: ok ? count.failed : Math.max(count.failed, 1) };
}

/** A file that could not even be loaded has no tests in the report: it counts as one failed. */
export function countTests(report: {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}): TestCount {
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded.length };
}
