import { describe, expect, it } from 'vitest';
import type { DecisionV1 } from './decision.v1.js';
import { PACKED_DECISION, packDecision, unpackDecision } from './packed-decision.js';
import { currentKind, upcast } from './upcast.js';

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
const written = () => JSON.parse(JSON.stringify(packDecision(made))) as ReturnType<typeof packDecision>;

describe('a packed decision', () => {
  it('writes what repeats once, and is read as it was', () => {
    expect(written().pieces).toEqual([JSON.stringify(decision('No.')), JSON.stringify(decision('Not now.'))]);
    expect(written().events.map((event) => event['decision'])).toEqual([undefined, 0, 0, 1]);
    const read = upcast(PACKED_DECISION, written());
    expect(read).toEqual({ kind: 'decision.v1', body: made, isChecked: true });
    expect(JSON.stringify(read.body)).toBe(JSON.stringify(made));
    expect(currentKind(PACKED_DECISION)).toBe('decision.v1');
  });

  it('shares what it read before, and lets nobody change it', () => {
    const decisions = [unpackDecision(written()), unpackDecision(written())].flatMap(({ events }) =>
      events.flatMap((event) => (event.type === 'tool.refused' ? [event.decision] : [])),
    );
    expect(new Set(decisions).size).toBe(2);
    expect(() => (decisions[0]!.rules as string[]).push('one more')).toThrow(TypeError);
    expect(() => (decisions[0]!.bundle!.version = 2)).toThrow(TypeError);
  });

  it.each<[string, (packed: ReturnType<typeof written>) => unknown]>([
    ['an index beyond the pieces', (packed) => ({ ...packed, pieces: packed.pieces.slice(0, 1) })],
    ['a piece that is no JSON', (packed) => ({ ...packed, pieces: ['{', packed.pieces[1]] })],
    ['a piece that is something else', (packed) => ({ ...packed, pieces: ['{"outcome":"permit"}', packed.pieces[1]] })],
    ['a field that was not taken out', (packed) => ({ ...packed, events: made.events })],
    ['no pieces', () => made],
    ['no events', (packed) => ({ ...packed, events: [] })],
    ['an event of an unknown type', (packed) => ({ ...packed, events: [{ type: 'constructor' }] })],
  ])('is refused with %s', (_, forge) => {
    expect(() => unpackDecision(forge(written()))).toThrow();
  });

  it('forgets what it read, not what it means, when it has read much else', () => {
    const reads = Array.from({ length: 4_000 }, (_, n) => {
      const reason = `${n} ${'x'.repeat(900)}`;
      return unpackDecision(packDecision({ ...made, events: [refused('call_1_0', reason)] })).events[0];
    });
    expect(reads[0]).toEqual(refused('call_1_0', `0 ${'x'.repeat(900)}`));
    expect(unpackDecision(written())).toEqual(made);
  });
});
