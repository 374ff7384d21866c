import { MeshError } from '@signalbox/kernel';
import type { Connection } from './connection.js';
import { LIMITS } from './limits.js';
import type { Publisher } from './publisher.js';
import type { Worker } from './work-consumer.js';

export interface Health {
  ok: boolean;
  /** What is wrong. */
  why?: string;
}

/** Asks nothing of JetStream: a probe that loads what it probes makes a bad moment worse. */
export async function checkHealth(
  connection: Connection,
  workers: readonly Worker[],
  publishers: readonly Publisher[],
  stopping: boolean,
): Promise<Health> {
  const { account } = connection.options;
  if (stopping || connection.nc.isClosed()) return bad(`the connection to ${account} is closed`);
  const gone = connection.disconnectedMs();
  if (gone > LIMITS.disconnectedMsMax) return bad(`the connection to ${account} is gone for ${Math.round(gone)} ms`);
  if (gone === 0) {
    try {
      await connection.flush(LIMITS.flushTimeoutMs);
    } catch (error) {
      return bad(`${account}: ${MeshError.from(error).message}`);
    }
  }
  if (workers.some((worker) => !worker.alive)) return bad(`a consumer of work on ${account} shows no sign of life`);
  if (publishers.some((publisher) => publisher.stalledMs > LIMITS.publishStalledMsMax))
    return bad(`the broker stores nothing on ${account}`);
  return { ok: true };
}

function bad(why: string): Health {
  return { ok: false, why };
}
