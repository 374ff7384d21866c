import { Inject } from '@nestjs/common';
import { CONFIG, CORE_BUS, KEYS } from '@signalbox/app-runtime';
import type { Bus, KeyRing, RawEntry } from '@signalbox/bus';
import { type InferWorkV1, subjects, type TokenDeltaV1 } from '@signalbox/contracts';
import { newId, Semaphore } from '@signalbox/kernel';
import { type Found, sealForVault } from '@signalbox/privacy';
import { retry } from '@signalbox/resilience';
import type { InferenceConfig } from '../../config.js';
import { CallsPort, type ModelCompleted, type ModelFailed } from '../calls.port.js';

/** Journals read at once: after a restart of the broker thousands of calls may come again together. */
const READS_MAX = 32;
/** The bus takes so many values in one deposit. */
const DEPOSIT_ITEMS_MAX = 1_000;
const DEPOSIT_ATTEMPTS_MAX = 4;
const DEPOSIT_RETRY_BASE_MS = 100;
const DEPOSIT_RETRY_CAP_MS = 2_000;
const RUN_ENDS = new Set(['run.completed', 'run.failed', 'run.cancelled']);

/** Journal, vault and token stream over the bus. */
export class BusCallsAdapter extends CallsPort {
  readonly #worker = newId('inference');
  readonly #vaultKey: string;
  readonly #reads = new Semaphore(READS_MAX);

  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(KEYS) keys: KeyRing,
    @Inject(CONFIG) private readonly config: Pick<InferenceConfig, 'depositTimeoutMs'>,
  ) {
    super();
    this.#vaultKey = keys.publicKey('vault-x25519').export({ format: 'jwk' }).x ?? '';
  }

  override async isSettled(work: InferWorkV1, deliveries: number): Promise<boolean> {
    if (deliveries > 1) {
      const entries = await this.#reads.run(() => this.bus.journal.read(work));
      return entries.some((entry) => settles(entry, work));
    }
    const last = await this.bus.journal.last(work);
    return last !== null && settles(last, work);
  }

  override async completed(work: InferWorkV1, fact: ModelCompleted): Promise<void> {
    await this.bus.journal.append(work, 'model.completed.v1', fact, { id: factId(work) });
  }

  override async failed(work: InferWorkV1, fact: ModelFailed): Promise<void> {
    await this.bus.journal.append(work, 'model.failed.v1', fact, { id: factId(work) });
  }

  override async deposit(
    { tenant, userId }: Pick<InferWorkV1, 'tenant' | 'userId'>,
    found: readonly Found[],
    signal: AbortSignal,
  ): Promise<void> {
    const subject = userId === undefined ? {} : { subject: userId };
    for (let at = 0; at < found.length; at += DEPOSIT_ITEMS_MAX) {
      const items = found.slice(at, at + DEPOSIT_ITEMS_MAX).map((value) => ({
        token: value.token,
        sealed: sealForVault(this.#vaultKey, { tenant, ...value }),
      }));
      const send = () =>
        this.bus.request(
          'vaultDeposit',
          subjects.svc('guard', 'deposit', tenant),
          { tenant, ...subject, items },
          { timeoutMs: this.config.depositTimeoutMs, signal },
        );
      await retry(send, {
        attemptsMax: DEPOSIT_ATTEMPTS_MAX,
        baseMs: DEPOSIT_RETRY_BASE_MS,
        capMs: DEPOSIT_RETRY_CAP_MS,
        signal,
        shouldRetry: () => true,
      });
    }
  }

  override async delta(work: InferWorkV1, delta: Pick<TokenDeltaV1, 'index' | 'text'>): Promise<void> {
    const { tenant, runId, step, attempt } = work;
    await this.bus.publish('tok', subjects.tok(tenant, runId), { step, attempt, worker: this.#worker, ...delta });
  }
}

/** One outcome an attempt, whichever it is: the broker drops a second one within its window. */
function factId(work: InferWorkV1): string {
  return `model:${work.runId}:${work.step}:${work.attempt}`;
}

function settles({ entry, seal }: RawEntry, work: InferWorkV1): boolean {
  if (!entry || seal === 'invalid') return false;
  switch (entry.kind) {
    case 'model.completed.v1':
    case 'model.failed.v1':
      return entry.body.step === work.step && entry.body.attempt === work.attempt;
    case 'run.cancel-requested.v1':
    case 'run.archived.v1':
      return true;
    case 'decision.v1':
      return entry.body.events.some((event) => RUN_ENDS.has(event.type));
    default:
      return false;
  }
}
