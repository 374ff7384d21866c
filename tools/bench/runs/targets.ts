import type { Proof } from './signalbox.ts';
import type { Ratio, Row } from './table.ts';

interface Target {
  name: string;
  value: number;
  bound: number;
  ok: boolean;
}

/**
 * Times the runs a second of the peer at its fastest settings, at equal durability: with steps that one process of the
 * peer makes, and for what is sent step by step here, with steps that the peer sends too.
 */
const RATIO_MIN: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'signalbox agent': { 'restate relaxed': 2, 'restate relaxed calls': 2 },
  'signalbox remote': { 'restate relaxed': 2, 'restate relaxed calls': 2 },
  'signalbox sequence': { 'restate relaxed': 2 },
  'signalbox pure': { 'restate relaxed': 2 },
  'signalbox inline': { 'restate relaxed': 8 },
};
const CALLERS = [50, 200];
const CPU_MS_MAX = 4;
/** Of all processes on the path. */
const INLINE_RUNS_PER_SECOND_MIN = 3_000;
const JOURNAL_BYTES_MAX = 2_000_000;
const ARCHIVE_LAG_MS_MAX = 1_000;

const atLeast = (name: string, value: number, bound: number): Target => ({ name, value, bound, ok: value >= bound });
const atMost = (name: string, value: number, bound: number): Target => ({ name, value, bound, ok: value <= bound });

/** What the medians, the proof and the journal of the long conversation are held against. */
export function targetsOf(
  middle: readonly Row[],
  compared: readonly Ratio[],
  proof: Proof,
  conversationBytes: number,
): Target[] {
  return [
    ...compared.flatMap(({ of, against, callers, runs_per_second }) => {
      const bound = RATIO_MIN[of]?.[against];
      if (bound === undefined || !CALLERS.includes(callers)) return [];
      return [atLeast(`${of}: runs a second against ${against} at ${callers} callers`, runs_per_second, bound)];
    }),
    ...middle
      .filter(({ system, callers }) => system in RATIO_MIN && callers >= 50)
      .map((row) => atMost(`${row.system}: CPU ms a run at ${row.callers} callers`, row.cpu_ms_per_run, CPU_MS_MAX)),
    ...middle
      .filter(({ system, callers }) => system === 'signalbox inline' && CALLERS.includes(callers))
      .map((row) =>
        atLeast(
          `${row.system}: runs a second at ${row.callers} callers`,
          row.runs_per_second,
          INLINE_RUNS_PER_SECOND_MIN,
        ),
      ),
    ...proven(proof),
    atMost('journal bytes of the growing conversation', conversationBytes, JOURNAL_BYTES_MAX),
  ];
}

/** Seals, schema, policy and archive were on: of all that was looked at. */
function proven({ agents, archive }: Proof): Target[] {
  const counts = Object.values(agents);
  const sum = (name: string): number => counts.reduce((total, count) => total + (count[name] ?? 0), 0);
  const share = (name: string, part: number, whole: number): Target =>
    atLeast(name, whole === 0 ? 0 : Number((part / whole).toFixed(4)), 1);
  return [
    share('share of runs completed', sum('completed'), sum('sampled')),
    share('share of runs verified', sum('verified'), sum('sampled')),
    share('share of runs decided the same again', sum('decided_again'), sum('sampled')),
    share('share of entries sealed', sum('sealed'), sum('entries')),
    share('share of entries as their schema has them', sum('as_schema'), sum('entries')),
    share('share of calls with a permit of the policy', sum('permits'), sum('calls')),
    ...(archive === null
      ? []
      : [
          share('share of runs sound in the archive', archive.sound, archive.sampled),
          atMost('ms from an entry to its archive', archive.lag_ms_max, ARCHIVE_LAG_MS_MAX),
        ]),
  ];
}
