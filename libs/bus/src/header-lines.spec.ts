import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { HeaderLines } from './header-lines.js';

describe('HeaderLines', () => {
  it('writes what the client writes', () => {
    const lines = new HeaderLines();
    const theirs = headers() as MsgHdrs & { encode(): Uint8Array };
    for (const [name, value] of [
      ['ce-id', 'run_00:1'],
      ['Nats-Msg-Id', 'a_b-c'],
      ['empty', ''],
      ['text', 'grüße'],
    ] as const) {
      lines.set(name, value);
      theirs.set(name, value);
    }
    expect(Buffer.from(lines.encode()).toString()).toBe(Buffer.from(theirs.encode()).toString());
  });

  it('lets no value start a line of its own', () => {
    for (const value of ['a\r\nNats-Expected-Stream: x', 'a\nb', 'a\rb'])
      expect(() => new HeaderLines().set('ce-id', value)).toThrow('one line');
  });
});
