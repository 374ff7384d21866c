import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Codec } from './codec.js';
import { HEADER } from './envelope.js';
import { KeyRing } from './key-ring.js';

const SUBJECT = 'sb.v1.in.acme.run';
const EMAIL = 'jo@a.example';

let dir: string;
let codec: Codec;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-codec-'));
  codec = new Codec('GATE', 'guard', KeyRing.load(dir), { work: null, journals: null });
});
afterAll(() => rmSync(dir, { recursive: true }));

/** All that a log would show of it, causes and details too. */
async function shown(data: string, type?: string): Promise<string> {
  const head = headers();
  if (type !== undefined) head.set(HEADER.type, type);
  const decoded = codec.decode('inRun', { subject: SUBJECT, data: Buffer.from(data), headers: head });
  return decoded.then(
    () => 'taken',
    (error: unknown) => inspect(error, { depth: 10, showHidden: true }),
  );
}

describe('what is wrong with a message from outside', () => {
  it('is told without quoting a body that is no JSON', async () => {
    const text = await shown(`{"a":${EMAIL}}`);
    expect(text).toContain('REQUEST_MALFORMED');
    expect(text).not.toContain(EMAIL.slice(0, 4));
  });

  it('is told without quoting the kind that its header names', async () => {
    const text = await shown('{}', EMAIL);
    expect(text).toContain('REQUEST_INVALID');
    expect(text).not.toContain(EMAIL);
  });

  it('is told by the names of fields, never by values', async () => {
    const text = await shown(JSON.stringify({ input: [{ role: EMAIL, content: 1 }] }));
    expect(text).toContain('input.0.role');
    expect(text).not.toContain(EMAIL);
  });
});
