import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bucket, Bus } from '@signalbox/bus';
import { Count, Millis, RunId, TenantId, Token } from '@signalbox/contracts';
import { parseJson } from '@signalbox/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Checkpoint, CheckpointsPort } from '../checkpoints.port.js';
import type { ParkedRun } from '../parked-runs.js';

const range = {
  foldFromSeq: z.number().int().min(1),
  lastSeq: z.number().int().min(0),
  incarnation: z.number().int().min(0).default(0),
};
/** A reader that knows only the first format finds none in the second, and folds everything. */
const Stored = z.discriminatedUnion('format', [
  z.object({ format: z.literal(1), ...range }),
  z.object({
    format: z.literal(2),
    ...range,
    /** Tenant, run, agent, first and last sequence, when it is due; then further agents. */
    parked: z.array(z.tuple([TenantId, RunId, Token, Count, Count, Millis], Token)),
  }),
]);

@Injectable()
export class KvCheckpointsAdapter extends CheckpointsPort {
  #bucket: Promise<Bucket> | undefined;

  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override async load(partition: string): Promise<Checkpoint | null> {
    const entry = await (await this.#open()).get(keyOf(partition));
    if (entry === null) return null;
    const { success, data } = Stored.safeParse(parseOrNull(entry.value));
    if (!success) return null;
    const { foldFromSeq, lastSeq, incarnation } = data;
    if (data.format === 1) return { foldFromSeq, lastSeq, incarnation, parked: [] };
    const parked = data.parked.map(([tenant, runId, agent, firstSeq, last, dueAt, ...others]): ParkedRun => ({
      tenant,
      runId,
      agents: [agent, ...others],
      firstSeq,
      lastSeq: last,
      dueAt,
    }));
    return { foldFromSeq, lastSeq, incarnation, parked };
  }

  override async save(partition: string, { foldFromSeq, lastSeq, incarnation, parked }: Checkpoint): Promise<void> {
    const body: z.infer<typeof Stored> =
      parked.length === 0
        ? { format: 1, foldFromSeq, lastSeq, incarnation }
        : {
            format: 2,
            foldFromSeq,
            lastSeq,
            incarnation,
            parked: parked.map(({ agents: [agent, ...others], ...run }) => [
              run.tenant,
              run.runId,
              agent,
              run.firstSeq,
              run.lastSeq,
              run.dueAt,
              ...others,
            ]),
          };
    await (await this.#open()).put(keyOf(partition), JSON.stringify(body));
  }

  #open(): Promise<Bucket> {
    this.#bucket ??= this.bus.bucket('checkpoints').catch((error: unknown) => {
      this.#bucket = undefined;
      throw error;
    });
    return this.#bucket;
  }
}

/** Of the router; audit keeps its own beside it. */
const keyOf = (partition: string): string => `router.${partition}`;

function parseOrNull(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch {
    return null;
  }
}
