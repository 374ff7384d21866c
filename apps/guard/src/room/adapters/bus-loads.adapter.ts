import { CORE_BUS, LOGGER } from '@signalbox/app-runtime';
import type { BucketWatch, Bus } from '@signalbox/bus';
import { CHANNELS, OBJECT_STORES, objectStream, PartitionLoadV1, partitionStream } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LoadsPort } from '../loads.port.js';

const PREFIX = 'load.';
/** A load that is older than this says nothing any more, ms: a router writes at least every two seconds. */
const STALE_MS = 6_000;
/** How long a look at a stream holds, ms. */
const FILL_MS = 1_000;
/** What cannot be looked at is unknown after this, ms. */
const FILL_STALE_MS = 10_000;
/** What every run needs, whatever its partition: queues of work, and stores of what is too large for them and for journals. */
const SHARED = [
  CHANNELS.workInfer.carrier.stream,
  CHANNELS.workTool.carrier.stream,
  ...Object.values(OBJECT_STORES).map(({ name }) => objectStream(name)),
];

/** A look at one stream; `fill` is null until one succeeded. */
interface Look {
  fill: number | null;
  seenAt: number;
  askedAt: number;
  asking: Promise<void> | null;
}

@Injectable()
export class BusLoadsAdapter extends LoadsPort implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #loads = new Map<string, { load: PartitionLoadV1; seenAt: number }>();
  readonly #looks = new Map<string, Look>();
  readonly #listeners: ((partition: string, load: PartitionLoadV1) => void)[] = [];
  #watch: BucketWatch | undefined;

  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  /** Not waited for: while nothing is known, runs are admitted. */
  async onApplicationBootstrap(): Promise<void> {
    const bucket = await this.bus.bucket('health');
    this.#watch = bucket.watch(`${PREFIX}*`, ({ key, value }) => this.#note(key.slice(PREFIX.length), value));
  }

  onApplicationShutdown(): void {
    this.#watch?.stop();
  }

  override partition(partition: string): PartitionLoadV1 | null {
    const known = this.#loads.get(partition);
    return known !== undefined && Date.now() - known.seenAt < STALE_MS ? known.load : null;
  }

  override *partitions(): Iterable<PartitionLoadV1> {
    for (const partition of this.#loads.keys()) {
      const load = this.partition(partition);
      if (load !== null) yield load;
    }
  }

  override onLoad(listener: (partition: string, load: PartitionLoadV1) => void): void {
    this.#listeners.push(listener);
  }

  override async fills(partition: string): Promise<ReadonlyMap<string, number>> {
    const nowMs = Date.now();
    const streams = [partitionStream(partition), ...SHARED];
    const first = streams.filter((stream) => this.#look(stream, nowMs).seenAt === 0);
    // Later looks are made beside; only the first is waited for.
    if (first.length > 0) for (const stream of first) await this.#looks.get(stream)?.asking;
    const fills = new Map<string, number>();
    for (const stream of streams) {
      const { fill, seenAt } = this.#looks.get(stream)!;
      if (fill !== null && nowMs - seenAt < FILL_STALE_MS) fills.set(stream, fill);
    }
    return fills;
  }

  #look(stream: string, nowMs: number): Look {
    const look = this.#looks.get(stream) ?? { fill: null, seenAt: 0, askedAt: 0, asking: null };
    this.#looks.set(stream, look);
    if (look.asking === null && nowMs - look.askedAt >= FILL_MS) {
      look.askedAt = nowMs;
      look.asking = this.#ask(stream, look);
    }
    return look;
  }

  async #ask(stream: string, look: Look): Promise<void> {
    try {
      look.fill = await this.bus.streamFill(stream);
      look.seenAt = Date.now();
    } catch (error) {
      this.logger.warn({ err: MeshError.from(error), stream }, 'how full a stream is cannot be learnt');
    } finally {
      look.asking = null;
    }
  }

  #note(partition: string, value: Uint8Array | null): void {
    if (value === null) return;
    const load = PartitionLoadV1.safeParse(parsed(value));
    if (!load.success) return;
    this.#loads.set(partition, { load: load.data, seenAt: Date.now() });
    for (const listener of this.#listeners) listener(partition, load.data);
  }
}

function parsed(value: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(value));
  } catch {
    return null;
  }
}
