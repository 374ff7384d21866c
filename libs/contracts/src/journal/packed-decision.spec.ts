import { describe, expect, it } from 'vitest';
import type { DecisionV1 } from './decision.v1.js';
import { PACKED_DECISION, packDecision, parsePacked, unpackDecision } from './packed-decision.js';
import { currentKind, parserOf, upcast } from './upcast.js';

const decision = (reason: string) => ({
  outcome: 'deny' as const,
  kind: 'default' as const,
  rules: [],
  reason,
  bundle: { version: 1, hash: 'b'.repeat(64) },
});
const refused = (callId: string, reason: string) => ({
  type: 'tool.refused' as const,
  step: 1,
  callId,
  tool: 'look_up',
  arguments: '{}',
  error: { code: 'TOOL_DENIED' as const, message: reason },
  decision: decision(reason),
});
const made: DecisionV1 = {
  head: 'a'.repeat(64),
  decidedAt: 1,
  engine: 4,
  events: [
    { type: 'plan.stepped', step: 1, id: 's', calls: [{ tool: 'look_up', arguments: '{}' }] },
    refused('call_1_0', 'No.'),
    refused('call_1_1', 'No.'),
    refused('call_1_2', 'Not now.'),
  ],
};
const inlined = (callId: string, args: string) => ({
  type: 'tool.inlined' as const,
  step: 1,
  callId,
  tool: 'look_up',
  arguments: args,
  result: '1',
  decision: decision('Yes.'),
});
interface Written {
  pieces: unknown[];
  events: Record<string, unknown>[];
}
const written = (): Written => JSON.parse(packDecision(made)) as Written;
const cut = (): Written => parsePacked(packDecision(made)) as Written;

describe('a packed decision', () => {
  it('is the same text whether its parts are shared or not, and never that of what a part was before', () => {
    const said = decision('No.');
    const of = (record: typeof said): DecisionV1 => ({
      ...made,
      events: [made.events[0]!, { ...refused('call_1_0', 'No.'), decision: record }],
    });
    const apart = packDecision(of(decision('No.')));
    expect(packDecision(of(said))).toBe(apart);
    said.reason = 'Not now.';
    expect(packDecision(of(said))).toBe(packDecision(of(decision('Not now.'))));
    const shared = Object.freeze(decision('No.'));
    for (let time = 0; time < 2; time++) expect(packDecision(of(shared))).toBe(apart);
  });

  it('writes what repeats once, and is read as it was', () => {
    expect(written().pieces).toEqual([decision('No.'), decision('Not now.')]);
    expect(cut().pieces).toEqual([decision('No.'), decision('Not now.')].map((piece) => JSON.stringify(piece)));
    expect(written().events.map((event) => event['decision'])).toEqual([undefined, 0, 0, 1]);
    for (const parse of [JSON.parse, parserOf(PACKED_DECISION)]) {
      const read = upcast(PACKED_DECISION, parse(packDecision(made)));
      expect(read).toEqual({ kind: 'decision.v1', body: made, isChecked: true });
      expect(JSON.stringify(read.body)).toBe(JSON.stringify(made));
    }
    expect(currentKind(PACKED_DECISION)).toBe('decision.v1');
  });

  it('says once what a step of a plan and its calls both say, and only that', () => {
    const events: DecisionV1['events'] = [
      inlined('call_1_0', '{}'),
      {
        type: 'plan.stepped',
        step: 1,
        id: 's',
        calls: ['{}', '{"a":1}'].map((args) => ({ tool: 'look_up', arguments: args })),
      },
      inlined('call_1_1', '{"a":1}'),
      refused('call_1_0', 'No.'),
      inlined('call_1_0', '{"b":"another"}'),
      inlined('call_1_2', '{}'),
      { ...inlined('call_2_0', '{}'), step: 2 },
      inlined('call_1_x', '{}'),
    ];
    const text = packDecision({ ...made, events });
    expect((JSON.parse(text) as Written).events.map((event) => [event['place'], 'arguments' in event])).toEqual([
      [undefined, true],
      [undefined, false],
      [1, false],
      [0, false],
      ...Array.from({ length: 4 }, () => [undefined, true]),
    ]);
    expect(JSON.stringify(unpackDecision(parsePacked(text)))).toBe(JSON.stringify({ ...made, events }));
  });

  it('shares what it read before, and lets nobody change it', () => {
    const decisions = [unpackDecision(written()), unpackDecision(cut())].flatMap(({ events }) =>
      events.flatMap((event) => (event.type === 'tool.refused' ? [event.decision] : [])),
    );
    expect(new Set(decisions).size).toBe(2);
    expect(() => (decisions[0]!.rules as string[]).push('one more')).toThrow(TypeError);
    expect(() => (decisions[0]!.bundle!.version = 2)).toThrow(TypeError);
  });

  it.each<[string, (packed: Written) => unknown]>([
    ['an index beyond the pieces', (packed) => ({ ...packed, pieces: packed.pieces.slice(0, 1) })],
    ['a piece that no event names', (packed) => ({ ...packed, pieces: [...packed.pieces, 'no JSON'] })],
    ['a piece that is no JSON', (packed) => ({ ...packed, pieces: ['{', packed.pieces[1]] })],
    ['a piece that is something else', (packed) => ({ ...packed, pieces: [{ outcome: 'permit' }, packed.pieces[1]] })],
    ['a field that was not taken out', (packed) => ({ ...packed, events: made.events })],
    ['no pieces', () => made],
    ['no events', (packed) => ({ ...packed, events: [] })],
    ['an event of an unknown type', (packed) => ({ ...packed, events: [{ type: 'constructor' }] })],
    ['a call before its step', (packed) => ({ ...packed, events: packed.events.toReversed() })],
    [
      'a place that its step does not have',
      (packed) => ({ ...packed, events: packed.events.map((event) => ({ ...event, place: 9 })) }),
    ],
    [
      'a call that is said twice',
      (packed) => ({ ...packed, events: packed.events.map((event) => ({ ...event, tool: 'other' })) }),
    ],
    [
      'a call that is not said',
      (packed) => ({ ...packed, events: packed.events.map((event) => ({ ...event, place: undefined })) }),
    ],
  ])('is refused with %s', (_, forge) => {
    expect(() => unpackDecision(forge(cut()))).toThrow();
  });

  it('cuts its pieces out of any text', () => {
    const events = ['Nein, schön – 😀.', '\ud800', '"]}', ',"pieces":[', '\u2028'].map((reason, n) =>
      refused(`call_1_${n}`, reason),
    );
    const read = new TextDecoder().decode(new TextEncoder().encode(packDecision({ ...made, events })));
    expect((parsePacked(read) as Written).pieces.every((piece) => typeof piece === 'string')).toBe(true);
    expect(unpackDecision(parsePacked(read))).toEqual({ ...made, events });
    expect(unpackDecision(JSON.parse(read))).toEqual({ ...made, events });
  });

  it('is read whole where its sizes are not right', () => {
    const text = packDecision(made);
    const sizes = /"sizes":\[(\d+),(\d+)\]/;
    for (const wrong of ['', '"sizes":[],', '"sizes":[1],', '"sizes":[99999,1],', '"sizes":[1,2,3],']) {
      const parsed = parsePacked(text.replace(/"sizes":\[[^\]]*\],/, wrong));
      expect(unpackDecision(parsed)).toEqual(made);
    }
    const [, first, second] = sizes.exec(text)!.map(Number);
    const shifted = text.replace(sizes, `"sizes":[${first! + 1},${second! - 1}]`);
    expect(unpackDecision(parsePacked(shifted))).toEqual(made);
    expect(() => parsePacked(text.slice(0, -1))).toThrow(SyntaxError);
  });

  it('forgets what it read, not what it means, when it has read much else', () => {
    const reads = Array.from({ length: 4_000 }, (_, n) => {
      const reason = `${n} ${'x'.repeat(900)}`;
      return unpackDecision(parsePacked(packDecision({ ...made, events: [refused('call_1_0', reason)] }))).events[0];
    });
    expect(reads[0]).toEqual(refused('call_1_0', `0 ${'x'.repeat(900)}`));
    expect(unpackDecision(written())).toEqual(made);
  });
});
