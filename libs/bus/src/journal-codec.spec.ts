import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHANNELS, type ServiceName, SERVICES } from '@signalbox/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeEntry } from './journal-codec.js';
import { KeyRing } from './key-ring.js';

const SUBJECT = 'sb.v1.run.00.acme.run_00_00000000000000000000000000';
const STRANGERS = SERVICES.filter((name) => !(CHANNELS.run.publishers as readonly string[]).includes(name));

let dir: string;
let keys: KeyRing;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-journal-'));
  keys = KeyRing.load(dir);
});
afterAll(() => rmSync(dir, { recursive: true }));

it.each(STRANGERS)('believes nothing in a journal from %s, of whatever kind', async (author: ServiceName) => {
  const data = Buffer.from(`sb1 unheard-of.v1 ${author} h:AAAA\n{}`);
  const entry = await decodeEntry({ seq: 1, subject: SUBJECT, data }, keys, null);
  expect(entry).toMatchObject({ entry: null, fault: { code: 'SEAL_INVALID' } });
});

it('tells of a packed decision that cannot be read, and nothing of what it holds', async () => {
  const data = Buffer.from('sb1 decision.packed.v1 router h:AAAA\n{"pieces":["anna@example.org"],"events":[]}');
  const entry = await decodeEntry({ seq: 1, subject: SUBJECT, data }, keys, null);
  expect(entry).toMatchObject({ entry: null, seal: 'unchecked', fault: { code: 'RUN_QUARANTINED' } });
  expect(JSON.stringify([entry.fault?.message, entry.fault?.details, String(entry.fault?.cause)])).not.toContain(
    'anna',
  );
});

it('believes a packed decision from the router alone', async () => {
  const data = Buffer.from('sb1 decision.packed.v1 tool-runner h:AAAA\n{}');
  const entry = await decodeEntry({ seq: 1, subject: SUBJECT, data }, keys, null);
  expect(entry).toMatchObject({ entry: null, fault: { code: 'SEAL_INVALID' } });
});
