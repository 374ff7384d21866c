import type { PolicyTest, ToolManifest } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { CompiledPolicy } from '@signalbox/policy-engine';
import { schemaFaults } from '@signalbox/run-engine';

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
  const parameters = new Map(tools.map((tool) => [tool.name, tool.parameters]));
  return tests.map((test) => resultOf(test, policy, parameters));
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

function resultOf(
  { id, expect, ...access }: PolicyTest,
  policy: CompiledPolicy,
  parameters: ReadonlyMap<string, Record<string, unknown>>,
): TestResult {
  // The router refuses such a call before it asks policy.
  const faults = schemaFaults(parameters.get(access.tool) ?? {}, access.arguments);
  if (faults.length > 0) {
    const reason = `The arguments do not match the schema of the tool: ${faults.join('; ')}`;
    return { id, ok: false, expected: expect, outcome: 'deny', kind: 'invalid', by: [], reason };
  }
  const { outcome, kind, rules, policies = [], reason } = policy.authorize(access);
  const by = [...rules, ...policies];
  const ok = outcome === expect.outcome && (expect.by === undefined || sameNames(by, expect.by));
  return { id, ok, expected: expect, outcome, kind, by, reason };
}

const sameNames = (some: readonly string[], others: readonly string[]): boolean =>
  some.toSorted().join('\0') === others.toSorted().join('\0');
