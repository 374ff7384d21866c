import { LOGGER } from '@signalbox/app-runtime';
import type { Quota, QuotaTaken } from '@signalbox/contracts';
import { backoffMs, MeshError, newId, pause } from '@signalbox/kernel';
import { type Call, countsInQuotas, type QuotaQuestion, type QuotaVerdict } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import { LimitsPort } from '../limits/limits.port.js';
import type { RunShell } from '../runs/run-shell.js';
import { amountOf, quotaKey } from './quota-key.js';
import { QuotaLedger } from './quota-ledger.js';
import { QuotaStorePort } from './quota-store.port.js';
import { QUOTA_UNIT, type QuotaOutcome } from './quota-use.js';

const RETRY_BASE_MS = 50;
const RETRY_CAP_MS = 2_000;
/** Tries to give back what a call did not use; then it counts until its window is over. */
const RELEASE_TRIES_MAX = 5;

/** Reserves what calls take of quotas before they are decided on, and gives back what surely was not used. */
@Injectable()
export class QuotasService {
  readonly #ledger: QuotaLedger;
  readonly #owner = newId('rtr');

  constructor(
    @Inject(QuotaStorePort) store: QuotaStorePort,
    @Inject(LimitsPort) private readonly limits: LimitsPort,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#ledger = new QuotaLedger(store);
  }

  /** What to ask before a call begins; absent where the tenant has no quotas. */
  of(shell: RunShell): { quota?: (question: QuotaQuestion) => QuotaVerdict } {
    return this.limits.hasQuotas(shell.ref.tenant) ? { quota: shell.askQuota((asked) => this.#ask(shell, asked)) } : {};
  }

  /** Gives back what calls of the newest step hold and will never use. Once for each of them. */
  settle(shell: RunShell): void {
    const { state, ref } = shell;
    if (!this.limits.hasQuotas(ref.tenant) || !shell.home.isLive()) return;
    for (const callId of state.steps.at(-1)?.callIds ?? []) {
      const call = state.calls[callId];
      const reserved = shell.reserved.get(callId);
      if (call === undefined || (reserved === undefined && call.decision?.quotas === undefined)) continue;
      // A refusal names what it had no room in: nothing of it was taken.
      if (reserved === undefined && call.decision?.kind === 'quota') continue;
      if (reserved === 'given-back' || reserved === 'pending' || countsInQuotas(state, callId)) continue;
      shell.reserved.set(callId, 'given-back');
      void this.#giveBack(shell, call, this.#quotasOf(shell, call.tool));
    }
  }

  #ask(shell: RunShell, question: QuotaQuestion): QuotaVerdict {
    const known = shell.reserved.get(question.callId);
    if (known === 'pending' || known === 'given-back') return 'pending';
    if (known !== undefined) return known;
    const quotas = this.#quotasOf(shell, question.tool);
    if (quotas.length === 0) return { granted: [] };
    shell.reserved.set(question.callId, 'pending');
    void this.#reserveAll(shell, question, quotas);
    return 'pending';
  }

  #quotasOf({ ref, state }: RunShell, tool: string): readonly Quota[] {
    return this.limits.quotasOf(ref.tenant, state.plan?.agent.id ?? '', tool);
  }

  async #reserveAll(shell: RunShell, question: QuotaQuestion, quotas: readonly Quota[]): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        shell.reserved.set(question.callId, await this.#reserve(shell, question, quotas));
        break;
      } catch (error) {
        this.logger.warn({ err: MeshError.from(error), runId: shell.ref.runId }, 'a quota cannot be asked yet');
        await pause(backoffMs(tries, RETRY_BASE_MS, RETRY_CAP_MS));
        // Whoever has the run now asks under the same id.
        if (!shell.home.isLive() || shell.gone) return;
      }
    }
    // It may have ended meanwhile.
    this.settle(shell);
    shell.look();
  }

  /** All or nothing: what was taken of others is given back where one says no. */
  async #reserve(shell: RunShell, question: QuotaQuestion, quotas: readonly Quota[]): Promise<QuotaVerdict> {
    const { ref, state } = shell;
    const taken: QuotaTaken[] = [];
    const id = idOf(shell, question.callId);
    const owner = this.#owner;
    for (const [index, quota] of quotas.entries()) {
      const amount = amountOf(quota, question.arguments);
      const key = quotaKey(ref.tenant, quota, state);
      const max = Math.round(quota.max * QUOTA_UNIT);
      const outcome: QuotaOutcome | null =
        amount === null
          ? null
          : await this.#ledger.reserve(key, { id, owner, amount, max, windowMs: quota.windowMs ?? null });
      if (outcome?.ok === true) {
        taken.push({ id: quota.id, used: outcome.used / QUOTA_UNIT, max: quota.max });
        continue;
      }
      for (const other of quotas.slice(0, index))
        await this.#ledger.release(quotaKey(ref.tenant, other, state), id, owner);
      return { denied: denial(quota, outcome) };
    }
    return { granted: taken };
  }

  async #giveBack(shell: RunShell, { callId }: Call, quotas: readonly Quota[]): Promise<void> {
    for (const quota of quotas) {
      for (let tries = 0; tries < RELEASE_TRIES_MAX; tries++) {
        try {
          await this.#ledger.release(quotaKey(shell.ref.tenant, quota, shell.state), idOf(shell, callId));
          break;
        } catch (error) {
          this.logger.warn({ err: MeshError.from(error), quota: quota.id }, 'a reservation cannot be given back yet');
          await pause(backoffMs(tries, RETRY_BASE_MS, RETRY_CAP_MS));
        }
      }
    }
  }
}

const idOf = ({ ref }: RunShell, callId: string): string => `${ref.runId}:${callId}`;

function denial(
  quota: Quota,
  outcome: Extract<QuotaOutcome, { ok: false }> | null,
): { reason: string; quotas: QuotaTaken[] } {
  const { id, per, max, sum } = quota;
  const whose = per === 'tenant' ? 'for all' : `for this ${per}`;
  if (outcome === null)
    return { reason: `Quota ${id} adds up ${sum}, which must be a number that is not negative.`, quotas: [] };
  const used = outcome.used / QUOTA_UNIT;
  const what = sum === undefined ? 'calls' : `of ${sum}`;
  const when =
    outcome.freeAt === null ? '' : ` There is room for this call from ${new Date(outcome.freeAt).toISOString()} on.`;
  return { reason: `Quota ${id} ${whose}: ${used} of ${max} ${what} are used up.${when}`, quotas: [{ id, used, max }] };
}
