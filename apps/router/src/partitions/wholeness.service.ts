import { CONFIG, LOGGER, Readiness } from '@signalbox/app-runtime';
import { MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import type { RouterConfig } from '../config.js';
import { JournalPort } from '../journal/journal.port.js';

/** Between two questions, ms. */
const AGAIN_MS = 250;

/**
 * Keeps this router from deciding in a partition that lost entries, until audit has brought them back. An archive that is
 * away holds nobody up for long, unless the loss was seen here: claims of unsafe tools wait for its word by themselves.
 */
@Injectable()
export class WholenessService {
  readonly #startedAt = Date.now();
  /** Partitions whose reader found entries gone. */
  readonly #suspects = new Set<string>();

  constructor(
    @Inject(JournalPort) private readonly journal: JournalPort,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(CONFIG) private readonly config: RouterConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  suspect(partition: string): void {
    this.#suspects.add(partition);
  }

  /** The incarnation of the partition, once it is whole; null when nobody could say, or the signal aborted. */
  async wait(partition: string, signal: AbortSignal): Promise<number | null> {
    try {
      for (; !signal.aborted; await pause(AGAIN_MS, signal)) {
        const state = await this.#ask(partition);
        if (state?.whole) {
          this.#suspects.delete(partition);
          return state.incarnation;
        }
        if (state !== null) this.#hold(partition, 'is being rebuilt from the archive');
        else if (this.#suspects.has(partition)) this.#hold(partition, 'lost entries, and the archive is away');
        else if (Date.now() - this.#startedAt >= this.config.archiveGraceMs) return null;
      }
      return null;
    } finally {
      this.readiness.say(topicOf(partition), null);
    }
  }

  async #ask(partition: string): Promise<{ whole: boolean; incarnation: number } | null> {
    try {
      return await this.journal.state(partition);
    } catch (error) {
      this.logger.debug(
        { err: MeshError.from(error), partition },
        'the archive does not say whether a partition is whole',
      );
      return null;
    }
  }

  #hold(partition: string, why: string): void {
    this.readiness.say(topicOf(partition), `partition ${partition} ${why}`);
  }
}

const topicOf = (partition: string): string => `partition ${partition}`;
