import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bucket, BucketWatch, Bus } from '@signalbox/bus';
import { MeshError } from '@signalbox/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { type LeaseAsSeen, LeasesPort, type Sign } from '../leases.port.js';

const PARTITION = 'partition.';
const ROUTER = 'router.';

@Injectable()
export class KvLeasesAdapter extends LeasesPort {
  readonly #leases = new Map<string, Sign>();
  readonly #routers = new Map<string, Sign>();
  #bucket: Bucket | undefined;
  #watch: BucketWatch | undefined;

  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override async watch(onFree: () => void): Promise<void> {
    this.#bucket = await this.bus.bucket('leases');
    this.#watch = this.#bucket.watch('>', ({ key, value, revision }) => {
      const signs = key.startsWith(PARTITION) ? this.#leases : this.#routers;
      const name = key.slice(key.indexOf('.') + 1);
      if (value === null) {
        signs.delete(name);
        onFree();
      } else this.#note(signs, name, new TextDecoder().decode(value), revision);
    });
    await this.#watch.ready;
  }

  override leases(): ReadonlyMap<string, Sign> {
    return this.#leases;
  }

  override routers(): ReadonlyMap<string, Sign> {
    return this.#routers;
  }

  override async hold({ partition, revision }: LeaseAsSeen, owner: string): Promise<boolean> {
    const bucket = this.#open();
    try {
      const key = PARTITION + partition;
      const held = revision === null ? await bucket.create(key, owner) : await bucket.update(key, owner, revision);
      this.#note(this.#leases, partition, owner, held);
      return true;
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.kind !== 'conflict') throw fault;
      await this.#look(partition);
      return false;
    }
  }

  /** What expired in the bucket vanishes without a word to its watchers. */
  async #look(partition: string): Promise<void> {
    const entry = await this.#open().get(PARTITION + partition);
    if (entry === null) this.#leases.delete(partition);
    else this.#note(this.#leases, partition, new TextDecoder().decode(entry.value), entry.revision);
  }

  override async giveBack(partition: string, owner: string): Promise<void> {
    const sign = this.#leases.get(partition);
    if (sign?.owner !== owner) return;
    try {
      await this.#open().delete(PARTITION + partition, sign.revision);
    } catch (error) {
      const fault = MeshError.from(error);
      // It ran out, and another router has it.
      if (fault.kind !== 'conflict') throw fault;
    }
  }

  override async appear(router: string): Promise<void> {
    const revision = await this.#open().put(ROUTER + router, router);
    this.#note(this.#routers, router, router, revision);
  }

  override async vanish(router: string): Promise<void> {
    await this.#open().delete(ROUTER + router);
  }

  override stop(): void {
    this.#watch?.stop();
  }

  #note(signs: Map<string, Sign>, name: string, owner: string, revision: number): void {
    // The watch may tell of an older revision than the one just written.
    if (revision > (signs.get(name)?.revision ?? 0)) signs.set(name, { owner, revision, seenAt: Date.now() });
  }

  #open(): Bucket {
    if (this.#bucket === undefined) throw new MeshError('BUS_UNAVAILABLE', 'The leases are not watched yet.');
    return this.#bucket;
  }
}
