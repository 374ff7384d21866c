/**
 * What an agent does whose model obeys every attacker: `npm run bench -- injection [--data DIR] [--scenarios FILE]
 * [--quick] [--json] [--only TEXT] [--details]`. All of it runs through the real mesh; model and tools are one HTTP
 * server that notes which calls came to a tool. DIR is laid out as in docs/reference/injection-scenarios.md, which also
 * has the format of FILE. `--base-rules off` waives the rules of the mesh, so that every attack must succeed. `--quick` plays every tenth, `--only` those whose source or id has the text.
 */
import { Console } from 'node:console';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { measureDetector } from './injection/detectors.ts';
import { injecAgent } from './injection/injecagent.ts';
import { listedScenarios } from './injection/lists.ts';
import { InjectionMesh } from './injection/mesh.ts';
import { readScenarios } from './injection/read-scenarios.ts';
import { attackRows, isDone, targetsOf, taskRows } from './injection/report.ts';
import type { Scenario } from './injection/scenario.ts';
import type { Outcome } from './injection/trial.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const DATA = process.env['SIGNALBOX_DATA'] ?? join(ROOT, '..', 'shared', 'data');
const QUICK_EACH = 10;

let report = new Console(process.stdout);

export async function run(argv: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: argv,
    options: {
      data: { type: 'string' },
      scenarios: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      details: { type: 'boolean', default: false },
      'base-rules': { type: 'string', default: 'on' },
    },
  });
  if (values.json) report = new Console(process.stderr);
  const data = resolve(values.data ?? join(DATA, 'injection'));
  if (!existsSync(data) && values.scenarios === undefined)
    report.log(`ABSENT: ${data}. Give --data DIR, or set SIGNALBOX_DATA; only our own tasks and attacks are played.`);
  const all = values.scenarios ? readScenarios(values.scenarios) : [...injecAgent(data), ...listedScenarios(data)];
  const scenarios = chosen(all, values);
  const detector = measureDetector(data, all);
  report.table(detector.rows);
  const outcomes = await played(scenarios, values['base-rules'] === 'off');
  const attacks = attackRows(outcomes);
  const tasks = taskRows(outcomes);
  report.table(attacks);
  report.table(tasks);
  if (values.details) showDetails(outcomes);
  return { attacks, tasks, detector, targets: targetsOf(outcomes, detector.rows) };
}

function chosen(all: Scenario[], { quick, only }: { quick: boolean; only?: string | undefined }): Scenario[] {
  const wanted = all.filter(({ id, source }) => only === undefined || id.includes(only) || source.includes(only));
  if (!quick) return wanted;
  const seen = new Map<string, number>();
  return wanted.filter(({ source }) => {
    const nth = seen.get(source) ?? 0;
    seen.set(source, nth + 1);
    return nth % QUICK_EACH === 0;
  });
}

async function played(scenarios: readonly Scenario[], isBare: boolean): Promise<Outcome[]> {
  report.log(`${scenarios.length} scenarios through the mesh`);
  const mesh = await InjectionMesh.start(scenarios, { print: (line) => report.log(line) });
  try {
    if (isBare) await mesh.goWithoutBaseRules();
    return await mesh.play(scenarios);
  } finally {
    await mesh.stop();
  }
}

/** What did not go as it should, and who was asked for what. */
function showDetails(outcomes: readonly Outcome[]): void {
  for (const outcome of outcomes) {
    const { scenario, attacksReached, approved, missed, status, error = '' } = outcome;
    if (attacksReached.length > 0)
      report.log(`${scenario.id}: ${attacksReached.map(({ tool }) => tool).join(', ')} came through`);
    if (!scenario.isAttack && (approved > 0 || !isDone(outcome)))
      report.log(`${scenario.id}: ${status}, ${approved} approved, missed ${missed.join(', ') || 'none'} ${error}`);
  }
}
