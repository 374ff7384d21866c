import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyRing } from '@signalbox/bus';
import type { JournalBody, RunRequestV1 } from '@signalbox/contracts';
import { newRequestId, sha256Hex } from '@signalbox/kernel';
import { floorMemory, PolicyStore, signBundle, storedDigest } from '@signalbox/policy-engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedactionService } from '../redaction/redaction.service.js';
import { RunJournalPort, type RunRef, type RunSnapshot } from '../runs/run-journal.port.js';
import { VaultPort } from '../vault/vault.port.js';
import { AdmissionService } from './admission.service.js';

/** Remembers what was written as a run's first entry. */
class FirstEntries extends RunJournalPort {
  readonly written: { kind: string; body: unknown }[] = [];

  override async open(
    _run: RunRef,
    kind: string,
    body: JournalBody<'run.accepted.v1'> | JournalBody<'run.refused.v1'>,
  ): Promise<boolean> {
    this.written.push({ kind, body });
    return true;
  }
  override async snapshot(): Promise<RunSnapshot | null> {
    return null;
  }
  override async cancel(): Promise<void> {}
  override async answer(): Promise<void> {}
  override async note(): Promise<void> {}
  override listen(): { stop(): void } {
    return { stop: () => undefined };
  }
}

class NoVault extends VaultPort {
  override async keep(): Promise<void> {}
  override async open(): Promise<Map<string, string>> {
    return new Map();
  }
}

const keyDigest = sha256Hex('sb_demo_a-key');
let dir: string;
let journal: FirstEntries;
let admission: AdmissionService;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-guard-'));
  writeFileSync(join(dir, 'pseudonym.key'), randomBytes(32).toString('base64url'));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const policies = new PolicyStore({ publicKey, floors: floorMemory() });
  const keys = [{ id: 'first', digest: storedDigest(keyDigest), userId: 'first', agents: '*' as const }];
  const times = { issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000 };
  const bundle = {
    format: 1 as const,
    tenant: 'demo',
    version: 1,
    parentHash: null,
    ...times,
    agents: [],
    tools: [],
    rules: [],
    models: [],
    keys,
  };
  const offered = policies.offer('demo', Buffer.from(JSON.stringify(signBundle(bundle, privateKey, 'test'))));
  expect(offered.type).toBe('accepted');
  const ring = KeyRing.load(dir);
  const vault = new NoVault();
  journal = new FirstEntries();
  admission = new AdmissionService(policies, new RedactionService(ring, vault), vault, journal, ring);
});
afterAll(() => rmSync(dir, { recursive: true }));

function request(agent: string): RunRequestV1 {
  return { keyDigest, requestId: newRequestId(), agent, input: [{ role: 'user', content: 'hello' }], stream: false };
}

describe('a refusal', () => {
  it.each(['4111111111111111', 'DE89370400440532013000', '0176-12345678'])(
    'says nothing of an agent named %s',
    async (agent) => {
      await admission.run('demo', request(agent));
      const last = journal.written.at(-1);
      expect(last).toMatchObject({ kind: 'run.refused.v1', body: { error: { code: 'AGENT_UNKNOWN' } } });
      expect(JSON.stringify(last)).not.toContain(agent);
    },
  );

  it('keeps its reason where that holds nothing personal', async () => {
    await admission.run('demo', request('no-such-agent'));
    expect(journal.written.at(-1)).toMatchObject({ body: { error: { message: 'There is no agent no-such-agent.' } } });
  });
});
