import { type PolicyTest, type ToolManifest, TRUSTED_CALL } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { CompiledPolicy } from '@signalbox/policy-engine';
import { type Judge, judgeOf } from './judge.js';

/** What policy says of a test's call, beside what it was to say. */
export interface TestResult {
  id: string;
  ok: boolean;
  expected: PolicyTest['expect'];
  outcome: PolicyTest['expect']['outcome'];
  kind: string;
  /** The rules and policies that decided. */
  by: string[];
  reason: string;
}

const NAMED_MAX = 8;

/** Decides the call of every test as an enforcement point would. */
export function runTests(
  policy: CompiledPolicy,
  tests: readonly PolicyTest[],
  tools: readonly ToolManifest[],
): TestResult[] {
  const judge = judgeOf(policy, tools);
  return tests.map((test) => resultOf(test, judge));
}

/** TESTS_FAILED with the results of those that fail. */
export function assertPassing(results: readonly TestResult[]): void {
  const failing = results.filter(({ ok }) => !ok);
  if (failing.length === 0) return;
  const texts = failing
    .slice(0, NAMED_MAX)
    .map(({ id, expected, outcome, reason }) => `tests/${id} expects ${expected.outcome}, not ${outcome}: ${reason}`);
  const more = failing.length > NAMED_MAX ? ` (and ${failing.length - NAMED_MAX} more)` : '';
  throw new MeshError('TESTS_FAILED', `${texts.join(' ')}${more}`.slice(0, 2_000), { details: { failing } });
}

function resultOf({ id, expect, labels = TRUSTED_CALL, ...call }: PolicyTest, judge: Judge): TestResult {
  const { outcome, kind, rules, policies = [], reason } = judge({ ...call, labels });
  const by = [...rules, ...policies];
  const isAsExpected = outcome === expect.outcome && (expect.by === undefined || sameNames(by, expect.by));
  // A call that never reaches policy tests nothing of it.
  return { id, ok: isAsExpected && kind !== 'invalid', expected: expect, outcome, kind, by, reason };
}

const sameNames = (some: readonly string[], others: readonly string[]): boolean =>
  some.toSorted().join('\0') === others.toSorted().join('\0');
