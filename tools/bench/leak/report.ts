import type { PiiClass } from '@signalbox/contracts';
import type { LeakTest, Talked } from './leak-test.ts';
import type { Planting } from './planter.ts';
import { isByWords } from './values.ts';
import type { Leak } from './watch.ts';

export interface Target {
  name: string;
  value: number;
  bound: string;
  ok: boolean;
}

export interface LeakReport {
  conversations: number;
  runs: number;
  planted: number;
  broken: number;
  /** Megabytes of text that were looked through. */
  lookedMB: number;
  byClass: Record<string, ClassRow>;
  byField: Record<string, FieldRow>;
  bySpelling: Record<string, { planted: number; leaked: number }>;
  places: Record<string, number>;
  /** Which planting, never the value. */
  samples: string[];
  /** Raw by design, until the guard has taken it: not counted above. */
  gateFiles: number;
  restored: { asked: number; whole: number };
  targets: Target[];
}

interface ClassRow {
  planted: number;
  leaked: number;
  missPercent: number;
}
interface FieldRow {
  planted: number;
  leaked: number;
  /** Plantings whose harmless word was seen inside: here the value would have shown. */
  wordSeen: number;
}

/** The share of names and addresses that recognisers are known to miss: 1 − recall, per class. */
export type MissBounds = Readonly<Partial<Record<PiiClass, number>>>;

const SAMPLES_MAX = 40;
const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

export function reportOf(test: LeakTest, talked: Talked, bounds: MissBounds): LeakReport {
  const { plantings } = test.planter;
  const { leaks } = test.watch;
  const leaked = new Set(leaks.map(({ planting }) => planting.id));
  const byClass = Object.fromEntries(
    [...Map.groupBy(plantings, (one) => one.class as string)].map(([name, all]): [string, ClassRow] => {
      const out = all.filter(({ id }) => leaked.has(id)).length;
      return [name, { planted: all.length, leaked: out, missPercent: round((100 * out) / all.length) }];
    }),
  );
  const counted = (all: readonly Planting[]) => ({
    planted: all.length,
    leaked: all.filter(({ id }) => leaked.has(id)).length,
  });
  const byField = Object.fromEntries(
    [...Map.groupBy(plantings, ({ field }) => field)].map(([field, all]): [string, FieldRow] => [
      field,
      { ...counted(all), wordSeen: test.watch.markersSeen(field) },
    ]),
  );
  const bySpelling = Object.fromEntries(
    [...Map.groupBy(plantings, ({ spelling }) => spelling as string)].map(([name, all]) => [name, counted(all)]),
  );
  const asked = talked.outcomes.filter(({ answer }) => answer !== '');
  return {
    conversations: talked.conversations.length,
    runs: talked.outcomes.reduce((sum, { runIds }) => sum + runIds.length, 0),
    planted: plantings.length,
    broken: talked.broken.length,
    lookedMB: round([...test.watch.looked.values()].reduce((sum, chars) => sum + chars, 0) / 1e6, 1),
    byClass,
    byField,
    bySpelling,
    places: placesOf(leaks),
    samples: leaks
      .slice(0, SAMPLES_MAX)
      .map(
        ({ planting, place }) => `#${planting.id} ${planting.class}, ${planting.field}, ${planting.spelling}: ${place}`,
      ),
    gateFiles: new Set(test.gate.leaks.map(({ planting }) => planting.id)).size,
    restored: {
      asked: asked.length,
      whole: asked.filter(({ answer }) => !/\[\[[A-Z_]+:|\[(?:EMAIL|PHONE|CARD|IBAN|PERSON)_\d/.test(answer)).length,
    },
    targets: targetsOf(byClass, talked, bounds, byField),
  };
}

function placesOf(leaks: readonly Leak[]): Record<string, number> {
  const counts = [...Map.groupBy(leaks, ({ place }) => place)].map(([place, all]): [string, number] => [
    place,
    all.length,
  ]);
  return Object.fromEntries(counts.toSorted(([, a], [, b]) => b - a));
}

function targetsOf(
  byClass: Record<string, ClassRow>,
  talked: Talked,
  bounds: MissBounds,
  byField: Record<string, FieldRow>,
): Target[] {
  const atMost = (name: string, value: number, max: number): Target => ({
    name,
    value,
    bound: `<= ${round(max, 3)}`,
    ok: value <= max,
  });
  const shaped = Object.entries(byClass).filter(([name]) => !isByWords(name as PiiClass) && name !== 'SECRET');
  const silent = Object.entries(byField).filter(([field, { wordSeen }]) => wordSeen === 0 && !UNSEEN_FIELDS.has(field));
  return [
    atMost(
      'values with a shape seen raw',
      shaped.reduce((sum, [, row]) => sum + row.leaked, 0),
      0,
    ),
    atMost('secrets seen raw', byClass['SECRET']?.leaked ?? 0, 0),
    ...Object.entries(bounds).map(([name, bound]) => {
      const row = byClass[name];
      const share = row ? round(row.leaked / row.planted, 4) : 0;
      return atMost(`share of ${name} seen raw, against 1 − recall`, share, bound ?? 0);
    }),
    atMost('incidents raised by audit', talked.incidents, 0),
    atMost('conversations that broke off', talked.broken.length, 0),
    atMost('fields that should have been seen inside and were not', silent.length, 0),
  ];
}

/** Values that stand alone, without a word beside them, or that the mesh drops at its edge. */
const UNSEEN_FIELDS = new Set([
  'name in the profile',
  'name of a session',
  'idempotency key',
  'metadata',
  'HTTP path',
  'header',
  'bearer key',
  'secret in a request',
  'header of a tool result',
  'error of a provider',
  'error of a tool',
  'printed by a program',
  'refused request',
  'reason of a pause',
  'reason of a resume',
  'reason of a cancel',
]);
