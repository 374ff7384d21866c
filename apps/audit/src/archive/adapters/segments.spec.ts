import { expect, it } from 'vitest';
import type { Chunk } from '../archive.port.js';
import { packSegments, unpackSegment } from './segments.js';

const chunk = (...bodies: string[]): Chunk => ({
  tenant: 'acme',
  runId: 'run',
  subject: 's',
  seqs: bodies.map((_, at) => at + 1),
  bodies: bodies.map((body) => Buffer.from(body)),
  claimed: null,
});
const large = 'entry '.repeat(11_000);

it('compresses neighbours together and says where each begins', () => {
  const { places, segments } = packSegments([chunk('one', 'two'), chunk('three')]);
  expect(places).toEqual([
    { part: 0, start: 0 },
    { part: 0, start: 6 },
  ]);
  expect(segments.map((segment) => String(unpackSegment(segment)))).toEqual(['onetwothree']);
});

it('begins another segment when one is full, and never cuts a chunk in two', () => {
  const { places, segments } = packSegments([chunk('a'), chunk(large, large), chunk('b'), chunk('c')]);
  expect(places).toEqual([
    { part: 0, start: 0 },
    { part: 0, start: 1 },
    { part: 1, start: 0 },
    { part: 1, start: 1 },
  ]);
  expect(segments.map((segment) => String(unpackSegment(segment)))).toEqual([`a${large}${large}`, 'bc']);
  expect(segments[0]!.length).toBeLessThan(large.length / 100);
});

it('makes no segment of nothing', () => {
  expect(packSegments([])).toEqual({ places: [], segments: [] });
});

it('finds nothing in what is no segment', () => {
  const [segment] = packSegments([chunk('one')]).segments;
  const cut = segment!.subarray(0, -1);
  for (const bytes of [Buffer.alloc(0), Buffer.from('sb1 run.accepted.v1 guard -\n{}'), cut])
    expect(unpackSegment(bytes)).toBeNull();
});
