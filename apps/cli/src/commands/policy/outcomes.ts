import { z } from 'zod';
import { readArguments } from '../../arguments.js';
import { openAccess } from '../../mesh-access.js';
import { askPolicy } from '../../policy-api.js';
import { printer } from '../../print.js';
import { table, timeOf } from '../../table.js';
import { UsageError } from '../../usage-error.js';

const Totals = z.record(z.string(), z.number());
const Rows = z.array(
  z.object({
    change: z.string(),
    agent: z.string(),
    tool: z.string(),
    by: z.array(z.string()),
    calls: z.number(),
    runs: z.array(z.string()),
  }),
);
const DryRun = z.object({
  decisions: z.number(),
  decided: z.number(),
  unchanged: z.number(),
  changed: Totals,
  rows: Rows,
  changedSince: z.number(),
  left: Totals,
  span: z.object({ from: z.number(), to: z.number() }).nullable(),
  ended: z.string(),
});
const Summary = z.object({
  draft: z.string().nullable(),
  decisions: z.number(),
  shadowed: z.number(),
  unchanged: z.number(),
  changed: Totals,
  faults: z.number(),
  rows: Rows,
  ended: z.string(),
});
const Rechecked = z.object({
  compared: z.number(),
  differences: z.number(),
  left: Totals,
  incidents: z.array(
    z.object({
      runId: z.string(),
      at: z.number(),
      agent: z.string(),
      tool: z.string(),
      version: z.number(),
      difference: z.string(),
    }),
  ),
});
const ENDED: Record<string, string> = { time: ', then time was up', all: ', which is all there are' };

/** `signalbox policy dry-run <draft>`: what recorded calls would have come to. */
export async function dryRun(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, { decisions: { type: 'string', default: '1000' } });
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0 || !/^\d{1,5}$/.test(values.decisions))
    throw new UsageError('signalbox policy dry-run <draft> [--decisions n]');
  const body = { decisionsMax: Number(values.decisions) };
  const path = `/drafts/${encodeURIComponent(id)}/dry-run`;
  const shown = await askPolicy(openAccess(values), path, DryRun, { method: 'POST', body });
  const { decisions, decided, unchanged, changed, rows, changedSince, left, span, ended } = shown;
  const when = span === null ? '' : ` of ${timeOf(span.from)} to ${timeOf(span.to)} UTC`;
  const text = [
    `${decisions} recorded decisions${when}${ENDED[ended] ?? ''}; ${decided} decided again`,
    totals(unchanged, changed),
    ...(changedSince > 0
      ? [`${changedSince} are decided otherwise already by what is in force: that is not the draft's`]
      : []),
    ...Object.entries(left).map(([why, count]) => `${count} not decided again: ${why}`),
    ...(rows.length > 0 ? ['', rowTable(rows)] : []),
  ];
  return printer(values.json)(shown, text.join('\n'));
}

/** `signalbox policy shadow`: how live decisions would change by what is in shadow. */
export async function shadow(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, { decisions: { type: 'string', default: '1000' } });
  if (positionals.length > 0 || !/^\d{1,5}$/.test(values.decisions))
    throw new UsageError('signalbox policy shadow [--decisions n]');
  const shown = await askPolicy(openAccess(values), `/shadow?decisions=${values.decisions}`, Summary);
  const { draft, decisions, shadowed, unchanged, changed, faults, rows } = shown;
  const text = [
    `${shadowed} of the newest ${decisions} decisions were made beside ${draft === null ? 'rules and policies in shadow' : `draft ${draft}`}`,
    totals(unchanged, changed),
    ...(faults > 0 ? [`${faults} of them could not be decided: what is in shadow has a fault`] : []),
    ...(rows.length > 0 ? ['', rowTable(rows)] : []),
  ];
  return printer(values.json)(shown, text.join('\n'));
}

/** `signalbox policy recheck`: 1 when a decision was not what its bundle says. */
export async function recheck(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {});
  if (positionals.length > 0) throw new UsageError('signalbox policy recheck');
  const shown = await askPolicy(openAccess(values), '/recheck', Rechecked);
  const { compared, differences, left, incidents } = shown;
  const rows = incidents.map(({ at, runId, agent, tool, version, difference }) => [
    timeOf(at),
    runId,
    agent,
    tool,
    `v${version}`,
    difference,
  ]);
  const text = [
    `${compared} live decisions decided once more by Cedar's own engine, ${differences} otherwise`,
    ...Object.entries(left).map(([why, count]) => `${count} not compared: ${why}`),
    ...(rows.length > 0 ? ['', table(['decided (UTC)', 'run', 'agent', 'tool', 'bundle', 'difference'], rows)] : []),
  ];
  return printer(values.json)(shown, text.join('\n'), differences > 0 ? 1 : 0);
}

function totals(unchanged: number, changed: z.infer<typeof Totals>): string {
  const parts = Object.entries(changed).map(([change, count]) => `${count} ${change}`);
  return [...parts, `${unchanged} unchanged`].join(', ');
}

function rowTable(rows: z.infer<typeof Rows>): string {
  const cells = rows.map(({ change, agent, tool, by, calls, runs }) => [
    change,
    agent,
    tool,
    by.join(', ') || '(nothing permits it)',
    calls,
    runs.join(' '),
  ]);
  return table(['change', 'agent', 'tool', 'by', 'calls', 'such as'], cells);
}
