import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NoModelRecogniser } from '@signalbox/app-runtime/recogniser';
import { type Bus, KeyRing } from '@signalbox/bus';
import type { JournalBody, RunRefusedV1, RunRequestV1 } from '@signalbox/contracts';
import { MeshError, newRequestId, sha256Hex } from '@signalbox/kernel';
import { floorMemory, PolicyStore, signBundle, storedDigest } from '@signalbox/policy-engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '@signalbox/telemetry';
import type { GuardConfig } from '../config.js';
import { IdempotencyPort, type KeyedRequest, type Standing } from '../idempotency/idempotency.port.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { RedactionService } from '../redaction/redaction.service.js';
import { LoadsPort } from '../room/loads.port.js';
import { RefusalsPort } from '../room/refusals.port.js';
import { RoomService } from '../room/room.service.js';
import { RunJournalPort, type RunRef, type RunSnapshot } from '../runs/run-journal.port.js';
import { type Opened, VaultPort } from '../vault/vault.port.js';
import { StartRights } from './start-rights.service.js';
import { AdmissionService } from './admission.service.js';

/** Remembers what was written as a run's first entry. */
class FirstEntries extends RunJournalPort {
  readonly written: { kind: string; body: unknown }[] = [];

  override async open(
    _run: RunRef,
    kind: string,
    body: JournalBody<'run.accepted.v1'> | JournalBody<'run.refused.v1'>,
  ): Promise<number> {
    return this.written.push({ kind, body });
  }
  override async snapshot(): Promise<RunSnapshot | null> {
    return null;
  }
  override async standing(): Promise<null> {
    return null;
  }
  override async prefix(): Promise<never> {
    throw new MeshError('RUN_UNKNOWN', 'There are no runs.');
  }
  override async recall(): Promise<RunSnapshot | null> {
    return null;
  }
  override async cancel(): Promise<void> {}
  override async answer(): Promise<void> {}
  override async say(): Promise<void> {}
  override async note(): Promise<void> {}
  override listen(): { stop(): void } {
    return { stop: () => undefined };
  }
}

class NoVault extends VaultPort {
  override async keep(): Promise<void> {}
  override async open(): Promise<Map<string, Opened>> {
    return new Map();
  }
}

class KeysInMemory extends IdempotencyPort {
  away = false;
  readonly kept = new Map<string, Standing>();

  override async reserve({ requestId, runId, fingerprint }: KeyedRequest): Promise<Standing> {
    if (this.away) throw new MeshError('STORE_UNAVAILABLE', 'away');
    if (!this.kept.has(requestId)) this.kept.set(requestId, { runId, fingerprint, started: false });
    return this.kept.get(requestId)!;
  }
  override async markStarted({ requestId }: KeyedRequest): Promise<void> {
    this.kept.get(requestId)!.started = true;
  }
  override async sweep(): Promise<number> {
    return 0;
  }
}

class Loads extends LoadsPort {
  override partition(): null {
    return null;
  }
  override partitions(): [] {
    return [];
  }
  override async fills(): Promise<ReadonlyMap<string, number>> {
    return new Map([['RUN_00', fill]]);
  }
  override onLoad(): void {}
}

class Refusals extends RefusalsPort {
  readonly kept: RunRefusedV1[] = [];
  override async keep(refusal: RunRefusedV1): Promise<void> {
    this.kept.push(refusal);
  }
  override of(): null {
    return null;
  }
  override async forget(): Promise<void> {}
}

const keyDigest = sha256Hex('sb_demo_a-key');
const urgentDigest = sha256Hex('sb_demo_urgent');
const limits = {
  stepsMax: 1,
  tokensMax: 1,
  costNanoUsdMax: 1,
  toolCallsMax: 0,
  parallelToolCallsMax: 1,
  wallMsMax: 1_000,
};
const AGENT = { id: 'helper', description: '', instructions: '', model: 'm', tools: [], limits };
const MODEL = {
  id: 'm',
  provider: 'p',
  inputNanoUsdPerToken: 0,
  outputNanoUsdPerToken: 0,
  outputTokensMax: 1,
  timeoutMs: 1_000,
};
let dir: string;
let journal: FirstEntries;
let admission: AdmissionService;
let refusals: Refusals;
let fill = 0;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-guard-'));
  writeFileSync(join(dir, 'pseudonym.key'), randomBytes(32).toString('base64url'));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const policies = new PolicyStore({ publicKey, floors: floorMemory() });
  const keys = [
    { id: 'first', digest: storedDigest(keyDigest), userId: 'first', agents: '*' as const },
    {
      id: 'urgent',
      digest: storedDigest(urgentDigest),
      userId: 'u',
      agents: '*' as const,
      priorityMax: 'high' as const,
    },
  ];
  const times = { issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000 };
  const bundle = {
    format: 1 as const,
    tenant: 'demo',
    version: 1,
    parentHash: null,
    ...times,
    agents: [AGENT],
    tools: [],
    rules: [],
    models: [MODEL],
    keys,
  };
  const offered = policies.offer('demo', Buffer.from(JSON.stringify(signBundle(bundle, privateKey, 'test'))));
  expect(offered.type).toBe('accepted');
  const ring = KeyRing.load(dir);
  const vault = new NoVault();
  journal = new FirstEntries();
  const config = { idempotencyKeepMs: 86_400_000, idempotencyWaitMs: 1_000 } as GuardConfig;
  const logger = createLogger({ service: 'guard', level: 'fatal' });
  const idempotency = new IdempotencyService(new KeysInMemory(), journal, config, ring, logger);
  const room = new RoomService(new Loads(), policies, {} as Bus, { tenantOpenRunsMax: 100 } as GuardConfig, logger);
  const redaction = new RedactionService(ring, vault, policies, new NoModelRecogniser());
  refusals = new Refusals();
  admission = new AdmissionService(
    policies,
    redaction,
    vault,
    journal,
    idempotency,
    room,
    refusals,
    new StartRights({ region: undefined }),
    ring,
  );
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

describe('a request under an idempotency key', () => {
  const ask = (content: string): RunRequestV1 => ({
    ...request('no-such-agent'),
    idempotencyKey: 'order-1',
    input: [{ role: 'user', content }],
  });

  it('is one run whatever request id it comes with; another request under it is thrown out', async () => {
    const before = journal.written.length;
    await admission.run('demo', ask('first'));
    await admission.run('demo', ask('first'));
    await expect(admission.run('demo', ask('second'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
    expect(journal.written.length).toBe(before + 1);
  });
});

describe('a priority', () => {
  it.each([
    [keyDigest, undefined, 'run.accepted.v1'],
    [keyDigest, 'low', 'run.accepted.v1'],
    [keyDigest, 'high', 'run.refused.v1'],
    [urgentDigest, 'high', 'run.accepted.v1'],
  ] as const)('is given to whom it is due', async (digest, priority, kind) => {
    await admission.run('demo', { ...request('helper'), keyDigest: digest, ...(priority ? { priority } : {}) });
    const body = kind === 'run.accepted.v1' ? (priority ? { priority } : {}) : { error: { code: 'PRIORITY_DENIED' } };
    expect(journal.written.at(-1)).toMatchObject({ kind, body });
  });
});

describe('a run without room', () => {
  it('is turned away without a journal, and begins when it comes again', async () => {
    const wanted = { ...request('helper'), idempotencyKey: 'room' };
    const before = journal.written.length;
    fill = 0.9;
    await admission.run('demo', wanted);
    await admission.run('demo', { ...wanted, agent: 'no-such-agent', idempotencyKey: 'other' });
    expect(journal.written.slice(before).map(({ kind }) => kind)).toEqual(['run.refused.v1']);
    expect(refusals.kept).toMatchObject([
      { tenant: 'demo', error: { code: 'OVERLOADED', details: { full: 'stream' } } },
    ]);
    fill = 0;
    await admission.run('demo', wanted);
    expect(journal.written.at(-1)).toMatchObject({ kind: 'run.accepted.v1', body: { runId: refusals.kept[0]!.runId } });
  });
});
