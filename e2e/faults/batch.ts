import { seeded, pick, type Random } from './plan.ts';

/** One call of a run's script, and where the ledger sees it. */
export interface PlannedCall {
  tool: 'look' | 'put' | 'record';
  path: string;
}

export interface PlannedRun {
  /** Unique over seeds: also the idempotency key of its request. */
  name: string;
  calls: PlannedCall[];
  /** Calls by step; a last step says `answer`. */
  steps: PlannedCall[][];
  answer: string;
  /** Before the model's first answer, ms: it spreads the batch. */
  delayMs: number;
  via: 'nats' | 'http';
  /** The caller changes his mind while it runs. */
  cancelled: boolean;
}

const SPREAD_MS = 2_500;
const TOOLS = ['look', 'put', 'record', 'record'] as const;

/** The runs of a seed. */
export function batchOf(seed: number, runs: number): PlannedRun[] {
  const random = seeded(seed * 7_919 + 1);
  return Array.from({ length: runs }, (_, index) => plannedRun(random, `s${seed}r${index}`));
}

function plannedRun(random: Random, name: string): PlannedRun {
  const steps = Array.from({ length: 1 + random(2) }, (_, step) =>
    Array.from({ length: 1 + random(3) }, (_unused, call): PlannedCall => {
      const tool = pick(random, TOOLS);
      const odd = random(40) === 0 ? { look: 'flaky', put: 'flaky', record: 'lost' }[tool] : '';
      return { tool, path: `/${name}/${step}${call}${tool}${odd}` };
    }),
  );
  return {
    name,
    steps,
    calls: steps.flat(),
    answer: `done ${name}`,
    delayMs: random(SPREAD_MS),
    via: random(12) === 0 ? 'http' : 'nats',
    cancelled: random(40) === 0,
  };
}

/** The question that makes the simulated provider play the run. */
export function questionOf(run: PlannedRun, ledgerHost: string): string {
  const calls = (step: PlannedCall[]) =>
    step.map(({ tool, path }) => ({
      name: tool,
      arguments: { url: `http://${ledgerHost}${path}`, method: tool === 'look' ? 'GET' : 'POST' },
    }));
  const [first = [], ...rest] = run.steps;
  const steps = [
    { tools: calls(first), delayMs: run.delayMs },
    ...rest.map((step) => ({ tools: calls(step), delayMs: 100 })),
    { text: run.answer },
  ];
  return `please\n#sim ${JSON.stringify({ steps })}`;
}
