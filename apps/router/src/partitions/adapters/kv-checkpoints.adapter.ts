import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bucket, Bus } from '@signalbox/bus';
import { parseJson } from '@signalbox/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Checkpoint, CheckpointsPort } from '../checkpoints.port.js';

const CheckpointV1 = z.object({
  format: z.literal(1),
  foldFromSeq: z.number().int().min(1),
  lastSeq: z.number().int().min(0),
  incarnation: z.number().int().min(0).default(0),
});

@Injectable()
export class KvCheckpointsAdapter extends CheckpointsPort {
  #bucket: Promise<Bucket> | undefined;

  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override async load(partition: string): Promise<Checkpoint | null> {
    const entry = await (await this.#open()).get(keyOf(partition));
    if (entry === null) return null;
    const parsed = CheckpointV1.safeParse(parseOrNull(entry.value));
    return parsed.success ? parsed.data : null;
  }

  override async save(partition: string, checkpoint: Checkpoint): Promise<void> {
    await (
      await this.#open()
    ).put(keyOf(partition), JSON.stringify({ format: 1, ...checkpoint } satisfies z.infer<typeof CheckpointV1>));
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
