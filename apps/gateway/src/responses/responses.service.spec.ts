import type { RunRequestV1 } from '@signalbox/contracts';
import { MeshError, sha256Hex } from '@signalbox/kernel';
import { expect, it } from 'vitest';
import type { GatewayConfig } from '../config.js';
import { type Caller, type Identity, MeshPort, type RunView } from '../mesh/mesh.port.js';
import { readResponseRequest } from './response-request.js';
import { ResponsesService } from './responses.service.js';

/** Keeps what is asked of it. */
class Asked extends MeshPort {
  readonly requests: RunRequestV1[] = [];

  override async authenticate(): Promise<Identity> {
    return { keyId: 'first', userId: 'first', agents: [{ id: 'analyst', description: '', model: 'default' }] };
  }
  override async startRun(_caller: Caller, request: RunRequestV1): Promise<void> {
    this.requests.push(request);
  }
  override async cancelRun(): Promise<void> {}
  override async runStatus(): Promise<RunView> {
    throw new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
  }
  override watchRun(): AsyncIterable<never> {
    throw new MeshError('RUN_UNKNOWN', 'There is no run of that id.');
  }
}

const caller: Caller = { tenant: 'demo', keyDigest: sha256Hex('key') };

it('takes an idempotency key as the same request only within the same conversation', async () => {
  const mesh = new Asked();
  const service = new ResponsesService(mesh, {} as GatewayConfig);
  const ask = (place: object): Promise<RunView> =>
    service.start(caller, readResponseRequest({ model: 'analyst', input: 'hello', ...place }), 'order-17');
  const previous = 'resp_00_00000000000000000000000000';
  const places = [{}, { conversation: 'a' }, { conversation: { id: 'b' } }, { previous_response_id: previous }];
  for (const place of [...places, ...places]) await ask(place);
  const ids = mesh.requests.map(({ requestId }) => requestId);
  expect(new Set(ids).size).toBe(places.length);
  expect(ids.slice(places.length)).toEqual(ids.slice(0, places.length));
});

it('says queued, not unknown, of a run whose request is stored and that nobody has admitted yet', async () => {
  const service = new ResponsesService(new Asked(), { waitMs: 10_000 } as GatewayConfig);
  const started = await service.start(caller, readResponseRequest({ model: 'analyst', input: 'hello' }), undefined);
  const { signal } = new AbortController();
  expect(await service.outcome(caller, started, signal)).toMatchObject({ runId: started.runId, status: 'queued' });
  await expect(service.wait(caller, started.runId, signal)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
});
