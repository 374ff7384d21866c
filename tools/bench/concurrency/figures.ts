import type { Window } from './mesh.ts';

export interface Target {
  name: string;
  value: number;
  bound: number;
  ok: boolean;
}

export const atMost = (name: string, value: number, bound: number): Target => ({
  name,
  value,
  bound,
  ok: Number.isFinite(value) && value <= bound,
});

export const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** The value that this share of them does not exceed; 0 where there is none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** What one window shows; latencies in ms, of the runs that were due after `fromMs`. */
export function figuresOf(window: Window, fromMs = 0): Record<string, number> {
  const { report, addedMs, cpuMs, simulated } = window;
  const counted = report.records.filter(({ intendedMs }) => intendedMs >= fromMs);
  const tookMs = counted.map((record) => record.tookMs);
  const added = counted.map(({ runId }) => addedMs.get(runId) ?? 0);
  const cpu = Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);
  const runs = Math.max(1, report.records.length);
  return {
    runs: report.records.length,
    completed: report.records.filter(({ status }) => status === 'completed').length,
    refused: report.refused.reduce((sum, { count }) => sum + count, 0),
    lost: report.lost.length,
    runs_per_second: rounded(report.records.length / report.seconds),
    p50_ms: rounded(percentile(tookMs, 0.5)),
    p99_ms: rounded(percentile(tookMs, 0.99)),
    added_p50_ms: rounded(percentile(added, 0.5)),
    added_p99_ms: rounded(percentile(added, 0.99)),
    cpu_ms_per_run: rounded(cpu / runs, 2),
    cores: rounded(cpu / report.seconds / 1_000, 2),
    load_cores: rounded((report.cpuMs + simulated.cpuMs) / report.seconds / 1_000, 2),
    others_cores: rounded(Math.max(0, window.othersCpuMs) / report.seconds / 1_000, 2),
  };
}

/** Processor time a run by part of the mesh, ms. */
export function cpuByPart({ cpuMs, report }: Window): Record<string, number> {
  const runs = Math.max(1, report.records.length);
  return Object.fromEntries(Object.entries(cpuMs).map(([part, ms]) => [part, rounded(ms / runs, 2)]));
}

/** Rows as columns of text, for people. */
export function table(rows: readonly Record<string, number>[]): string {
  const head = Object.keys(rows[0] ?? {});
  const cells = [head, ...rows.map((row) => head.map((name) => String(row[name] ?? '')))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')).join('\n');
}
