import { type ApprovalsReplyV1, type ReservationV1, runOfRequest, type RunRequestV1 } from '@signalbox/contracts';
import { MeshError, sha256Hex } from '@signalbox/kernel';
import { expect, it } from 'vitest';
import type { GatewayConfig } from '../config.js';
import { type Caller, type Identity, MeshPort, type RunView } from '../mesh/mesh.port.js';
import { readResponseRequest } from './response-request.js';
import { ResponsesService } from './responses.service.js';

/** Keeps what is asked of it. */
class Asked extends MeshPort {
  readonly requests: RunRequestV1[] = [];
  refuses = false;

  override async authenticate(): Promise<Identity> {
    return { keyId: 'first', userId: 'first', agents: [{ id: 'analyst', description: '', model: 'default' }] };
  }
  override async reserve(from: Caller, request: RunRequestV1): Promise<ReservationV1> {
    if (this.refuses) throw new MeshError('IDEMPOTENCY_MISMATCH', 'It stands for another request.');
    return { runId: runOfRequest(from.tenant, request).runId, checked: true };
  }
  override async startRun(_caller: Caller, request: RunRequestV1): Promise<void> {
    this.requests.push(request);
  }
  override async cancelRun(): Promise<void> {}
  override async tellRun(): Promise<void> {}
  override async answer(): Promise<never> {
    throw new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
  }
  override async approvals(): Promise<ApprovalsReplyV1> {
    return { items: [], next: null };
  }
  override async runStatus(): Promise<RunView> {
    throw new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
  }
  override watchRun(): AsyncIterable<never> {
    throw new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
  }
}

const caller: Caller = { tenant: 'demo', keyDigest: sha256Hex('key') };

it('asks which run an idempotency key stands for, and sends nothing where it stands for another request', async () => {
  const mesh = new Asked();
  const service = new ResponsesService(mesh, {} as GatewayConfig);
  const ask = (input: string, key = 'order-17') =>
    service.start(caller, readResponseRequest({ model: 'analyst', input }), key);
  const first = await ask('hello');
  expect((await ask('hello')).runId).toBe(first.runId);
  expect((await ask('hello', 'order-18')).runId).not.toBe(first.runId);
  expect(new Set(mesh.requests.map(({ requestId }) => requestId)).size).toBe(3);
  mesh.refuses = true;
  await expect(ask('bye')).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
  expect(mesh.requests).toHaveLength(3);
});

it('says queued, not unknown, of a run whose request is stored and that nobody has admitted yet', async () => {
  const service = new ResponsesService(new Asked(), { waitMs: 10_000 } as GatewayConfig);
  const { checked, ...started } = await service.start(
    caller,
    readResponseRequest({ model: 'analyst', input: 'hello' }),
    undefined,
  );
  expect(checked).toBe(true);
  const { signal } = new AbortController();
  expect(await service.outcome(caller, started, signal)).toMatchObject({ runId: started.runId, status: 'queued' });
  await expect(service.wait(caller, started.runId, signal)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
});
