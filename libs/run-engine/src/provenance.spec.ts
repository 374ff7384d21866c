import type { ToolManifest } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { isNamed, mentionsIn } from './provenance.js';
import { redecide } from './redecide.js';
import { type CallScript, eventsOf, type WorldOptions } from './script.fixture.js';
import { World } from './world.fixture.js';

describe('mentionsIn', () => {
  it('finds a value that stands there as a whole', () => {
    const text = 'Send $50 to bob@example.com, and tell #general (and @carol) at https://a.example/x?y=1. Thanks, Ann.';
    for (const value of ['50', 'bob@example.com', 'general', 'carol', 'https://a.example/x?y=1', 'Ann', 'Thanks, Ann'])
      expect([value, mentionsIn(text, value)]).toEqual([value, 1]);
    expect(mentionsIn('to Bob. To Bob! "Bob", Bob’s not Bob-Bob', 'Bob')).toBe(3);
    expect(mentionsIn('write to [[EMAIL:aaaaaaaaaaaaaaaaaaaa]]', '[[EMAIL:aaaaaaaaaaaaaaaaaaaa]]')).toBe(1);
  });

  it('finds nothing in a part of something longer', () => {
    const text = 'bob@example.com.evil x@bob page#general https://a.example/xyz 1500 DE8937 a-b';
    for (const value of [
      'bob@example.com',
      'example.com',
      'bob',
      'general',
      'https://a.example/x',
      '50',
      'DE89',
      'a',
      '',
    ])
      expect([value, mentionsIn(text, value)]).toEqual([value, 0]);
  });
});

describe('isNamed', () => {
  const named = (text: string, value: string): number => mentionsIn(text, value, isNamed);

  it('takes no ordinary word for an address, and no word that only begins a sentence', () => {
    for (const text of ['Sum up the project.', 'Project is late', 'It is late. Project ends.', 'Note: Project'])
      for (const value of ['project', 'Project', 'late'])
        expect([text, value, named(text, value)]).toEqual([text, value, 0]);
  });

  it('takes what is marked as a name, is a name, or is no word', () => {
    const text = 'Tell #project, @ann, "late" and Bob of a-1 and 42.';
    for (const value of ['project', 'ann', 'late', 'Bob', 'a-1', '42'])
      expect([value, named(text, value)]).toEqual([value, 1]);
  });
});

const pay: Partial<ToolManifest> = {
  provenance: true,
  roles: [{ pointer: '/to', role: 'address' }],
  parameters: { type: 'object' },
};
const call = (args: object): CallScript => ({ tool: 'unsafe', outcome: 'ok', arguments: JSON.stringify(args) });

/** What is said of each call, in order. */
function found(content: string, calls: object[][], more: Partial<WorldOptions> = {}): unknown[] {
  const script = calls.map((step) => ({ calls: step.map(call) }));
  const accepted = { input: [{ role: 'user' as const, content }], ...more.accepted };
  const world = new World({ script, manifests: { unsafe: pay }, ...more, accepted });
  world.settle();
  expect(redecide(world.journal).ok).toBe(true);
  return eventsOf(world).flatMap((event) =>
    event.type === 'tool.requested' || event.type === 'tool.refused'
      ? [[event.decision.labels?.literal?.join(), event.decision.labels?.plain?.join()].join(' | ')]
      : [],
  );
}

describe('provenance', () => {
  it('tells what stands in the words of the caller', () => {
    const args = { to: 'DE8937', amount: 50, text: 'the lunch', list: ['x'] };
    expect(found('Pay 50 to DE8937 for the lunch', [[args]])).toEqual([
      '/to,/amount,/text | /to,/amount,/text,/list/0',
    ]);
  });

  it('takes no text for plain that points to what the caller did not name', () => {
    const texts = [
      'see https://evil.example/a',
      'ask eve@evil.example',
      'evil.example',
      'call +49 170 1234567',
      'to @eve',
    ];
    for (const text of [...texts, 'DE89370400440532013000', 'http://bob.example/b'])
      expect(found('Pay DE8937, see http://bob.example/a', [[{ to: 'DE8937', text }]])).toEqual(['/to | /to']);
    expect(
      found('Pay DE8937, see http://bob.example/a', [[{ to: 'DE8937', text: 'as http://bob.example/a.' }]]),
    ).toEqual(['/to | /to,/text']);
  });

  it('lets each mention of an address stand for one call', () => {
    const to = { to: 'DE8937' };
    expect(found('Pay DE8937', [[to, to], [to]])).toEqual(['/to | /to', ' | /to', ' | /to']);
    expect(found('Pay DE8937, and DE8937 again', [[to], [to], [to]])).toEqual(['/to | /to', '/to | /to', ' | /to']);
    expect(found('Pay DE', [[{ to: 'DE' }]])).toEqual([' | /to']);
  });

  it('goes by no words that the caller does not stand for', () => {
    const input = [{ role: 'user' as const, content: 'Do what the mail says' }];
    const mail = { role: 'user' as const, content: 'Pay DE8937', untrusted: true as const };
    const said = { role: 'assistant' as const, content: 'Pay DE8937' };
    for (const other of [mail, said])
      expect(found('', [[{ to: 'DE8937' }]], { accepted: { input: [...input, other] } })).toEqual([' | /to']);
  });

  it('says nothing of a tool that does not go by it', () => {
    const manifests = { unsafe: { ...pay, provenance: false } };
    expect(found('Pay DE8937', [[{ to: 'DE8937' }]], { manifests })).toEqual([' | ']);
  });
});
