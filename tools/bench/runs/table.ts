import type { LoadResult, System } from './system.ts';

export interface Row {
  system: string;
  callers: number;
  round: number;
  runs: number;
  runs_per_second: number;
  p50_ms: number;
  p99_ms: number;
  cpu_ms_per_run: number;
  load_cpu_ms_per_run: number;
  /** Of one core: what everything else on the machine took meanwhile, load excepted. */
  others_percent: number;
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

export function toRow(system: System, callers: number, number: number, result: LoadResult): Row {
  const { runs, seconds, p50Ms, p99Ms, cpuMs, loadCpuMs, othersCpuMs } = result;
  return {
    system: system.name,
    callers,
    round: number,
    runs,
    runs_per_second: round(runs / seconds, 1),
    p50_ms: round(p50Ms, 1),
    p99_ms: round(p99Ms, 1),
    cpu_ms_per_run: round(cpuMs / runs, 2),
    load_cpu_ms_per_run: round(loadCpuMs / runs, 2),
    others_percent: round(othersCpuMs / seconds / 10, 0),
  };
}

/** The middle of each column over the rounds, for each system and number of callers. */
export function medians(rows: readonly Row[]): Row[] {
  const groups = Map.groupBy(rows, ({ system, callers }) => `${callers} ${system}`);
  return [...groups.values()].map((group) => {
    const middle = (pick: (row: Row) => number): number => {
      const sorted = group.map(pick).toSorted((a, b) => a - b);
      const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)]!, sorted[Math.floor(sorted.length / 2)]!];
      return round((low + high) / 2, 2);
    };
    return {
      ...group[0]!,
      round: group.length,
      runs: group.reduce((sum, { runs }) => sum + runs, 0),
      runs_per_second: middle((row) => row.runs_per_second),
      p50_ms: middle((row) => row.p50_ms),
      p99_ms: middle((row) => row.p99_ms),
      cpu_ms_per_run: middle((row) => row.cpu_ms_per_run),
      load_cpu_ms_per_run: middle((row) => row.load_cpu_ms_per_run),
      others_percent: middle((row) => row.others_percent),
    };
  });
}

export interface Ratio {
  of: string;
  against: string;
  callers: number;
  runs_per_second: number;
  cpu_ms_per_run: number;
}

/** How many times as many runs a second each of ours does, and how many times less processor time a run, than each other system. */
export function ratios(middle: readonly Row[]): Ratio[] {
  const isOurs = ({ system }: Row): boolean => system.startsWith('signalbox');
  const others = middle.filter((row) => !isOurs(row));
  return middle.filter(isOurs).flatMap((own) =>
    others
      .filter(({ callers }) => callers === own.callers)
      .map((row) => ({
        of: own.system,
        against: row.system,
        callers: row.callers,
        runs_per_second: round(own.runs_per_second / row.runs_per_second, 2),
        cpu_ms_per_run: round(row.cpu_ms_per_run / own.cpu_ms_per_run, 2),
      })),
  );
}
