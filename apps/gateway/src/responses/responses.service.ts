import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@signalbox/app-runtime';
import { runOfRequest } from '@signalbox/contracts';
import { backoffMs, MeshError, newRequestId, pause } from '@signalbox/kernel';
import type { GatewayConfig } from '../config.js';
import { type Caller, MeshPort, type RunView, type WatchEvent } from '../mesh/mesh.port.js';
import { queuedView } from './response-object.js';
import { type ResponseRequest, toRunRequest } from './response-request.js';

/** Pause before looking again for a run that was just asked for, ms. */
const SEEN_BASE_MS = 5;
const SEEN_CAP_MS = 200;

/** Starts, watches, reads and cancels runs for the edge. */
@Injectable()
export class ResponsesService {
  constructor(
    @Inject(MeshPort) private readonly mesh: MeshPort,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /**
   * Stores the request and says which run it starts: the same idempotency key of the same caller gives the same run.
   * `checked` is false while nobody can say whether the key came with another request before.
   */
  async start(
    caller: Caller,
    request: ResponseRequest,
    idempotencyKey: string | undefined,
  ): Promise<RunView & { checked: boolean }> {
    const runRequest = toRunRequest(request, caller, newRequestId(), idempotencyKey);
    const { runId } = runOfRequest(caller.tenant, runRequest);
    const { agents } = await this.mesh.authenticate(caller, runId);
    if (!agents.some((agent) => agent.id === request.model)) {
      throw new MeshError(
        'AGENT_UNKNOWN',
        `There is no agent ${request.model} for this key; GET /v1/models lists them.`,
        {
          details: { fields: ['model'] },
        },
      );
    }
    const { checked } = idempotencyKey ? await this.mesh.reserve(caller, runRequest) : { checked: true };
    await this.mesh.startRun(caller, runRequest);
    return { ...queuedView(runId, request.model, Date.now()), checked };
  }

  /** The run once it can be retrieved; as it was asked for when nobody admits it in time. */
  async begun(caller: Caller, started: RunView): Promise<RunView> {
    const deadline = Date.now() + this.config.askMs;
    for (let failures = 0; Date.now() < deadline;) {
      try {
        return await this.mesh.runStatus(caller, started.runId);
      } catch (error) {
        if (MeshError.from(error).code !== 'RUN_UNKNOWN') throw error;
        await pause(backoffMs(failures++, SEEN_BASE_MS, SEEN_CAP_MS));
      }
    }
    return started;
  }

  watch(caller: Caller, runId: string, signal: AbortSignal): AsyncIterable<WatchEvent> {
    return this.mesh.watchRun(caller, runId, signal);
  }

  /** The run at its end, when it waits for a person, or as it stands after the longest wait. */
  async wait(caller: Caller, runId: string, signal: AbortSignal): Promise<RunView> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.config.waitMs)]);
    for await (const event of this.mesh.watchRun(caller, runId, limit)) {
      if (event.type === 'end') return event.view;
      if (event.type === 'note' && event.phase === 'waiting') break;
    }
    return this.mesh.runStatus(caller, runId);
  }

  /** The same for a run that was just asked for: while nobody can admit it, it is queued and not unknown. */
  async outcome(caller: Caller, started: RunView, signal: AbortSignal): Promise<RunView> {
    try {
      return await this.wait(caller, started.runId, signal);
    } catch (error) {
      if (MeshError.from(error).code !== 'RUN_UNKNOWN') throw error;
      return started;
    }
  }

  status(caller: Caller, runId: string): Promise<RunView> {
    return this.mesh.runStatus(caller, runId);
  }

  async cancel(caller: Caller, runId: string, signal: AbortSignal): Promise<RunView> {
    await this.mesh.runStatus(caller, runId);
    const request = {
      keyDigest: caller.keyDigest,
      requestId: newRequestId(),
      runId,
      reason: 'cancelled by the caller',
    };
    await this.mesh.cancelRun(caller, request);
    return this.wait(caller, runId, signal);
  }
}
