import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, KEYS, LOGGER } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import { runOfRequest, type RunRequestV1 } from '@signalbox/contracts';
import { canonicalJson, MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import type { GuardConfig } from '../config.js';
import { RunJournalPort } from '../runs/run-journal.port.js';
import { IdempotencyPort, type KeyedRequest, type Standing } from './idempotency.port.js';

/** For how long a store that is away is left alone, ms. */
const AWAY_MS = 5_000;

export interface Claim extends KeyedRequest {
  /** The keys' store was asked. */
  checked: boolean;
  /** The run was begun before, though its journal may be gone from the bus. */
  started: boolean;
}

/**
 * Holds requests that come under an idempotency key to the one that came first. That a run begins once is the journal's
 * own doing, since its id follows from the key; this tells another request under the same key, and remembers runs whose
 * journals have left the bus. While the store is away runs go on, and only the journal is asked.
 */
@Injectable()
export class IdempotencyService {
  readonly #key: Buffer;
  #awayUntil = 0;

  constructor(
    @Inject(IdempotencyPort) private readonly keys: IdempotencyPort,
    @Inject(RunJournalPort) private readonly journal: RunJournalPort,
    @Inject(CONFIG) private readonly config: GuardConfig,
    @Inject(KEYS) ring: KeyRing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#key = ring.secret('pseudonym');
  }

  /** IDEMPOTENCY_MISMATCH when the key stands for another request. */
  async claim(tenant: string, request: RunRequestV1): Promise<Claim> {
    const keyed = { ...runOfRequest(tenant, request), fingerprint: this.#fingerprint(tenant, request) };
    const standing = await this.#ask(() => this.keys.reserve(keyed, this.config.idempotencyKeepMs));
    const { fingerprint, started } = standing ?? (await this.#fromJournal(keyed));
    if (fingerprint !== keyed.fingerprint)
      throw new MeshError(
        'IDEMPOTENCY_MISMATCH',
        'The idempotency key was used for another request before; send a new request under a new key.',
      );
    return { ...keyed, checked: standing !== null, started };
  }

  /** Without the store it stays unmarked: the journal, while it is there, knows as well. */
  async began(claim: Claim): Promise<void> {
    await this.#ask(() => this.keys.markStarted(claim));
  }

  /** An early run of the same key, if the journal still has it; one that the guard refused has no fingerprint. */
  async #fromJournal(keyed: KeyedRequest): Promise<Pick<Standing, 'fingerprint' | 'started'>> {
    const snapshot = await this.journal.snapshot(keyed);
    return { fingerprint: snapshot?.fingerprint ?? keyed.fingerprint, started: false };
  }

  /** Null while the store is away. */
  async #ask<T>(work: () => Promise<T>): Promise<T | null> {
    if (Date.now() < this.#awayUntil) return null;
    const timer = new AbortController();
    const late = pause(this.config.idempotencyWaitMs, timer.signal).then((): never => {
      throw new MeshError('STORE_UNAVAILABLE', 'The store of idempotency keys does not answer.');
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.code !== 'STORE_UNAVAILABLE') throw fault;
      this.#awayUntil = Date.now() + AWAY_MS;
      this.logger.warn({ err: fault }, 'idempotency keys are not checked: their store is away');
      return null;
    } finally {
      timer.abort();
    }
  }

  /** Over what is asked: not over who sent it when, nor over how the answer is to come. */
  #fingerprint(tenant: string, request: RunRequestV1): string {
    const { keyDigest: _digest, requestId: _id, idempotencyKey: _key, stream: _stream, ...asked } = request;
    return createHmac('sha256', this.#key)
      .update(['fingerprint', tenant, canonicalJson(asked)].join('\0'))
      .digest('hex');
  }
}
