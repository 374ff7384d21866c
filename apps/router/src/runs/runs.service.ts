import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { backoffMs, MeshError, Semaphore } from '@signalbox/kernel';
import {
  type AskEffect,
  type Decided,
  decide,
  failRun,
  haltOf,
  hasEnded,
  isAtRest,
  isPaused,
  outstanding,
  type RunState,
} from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import type { RouterConfig } from '../config.js';
import { DispatchPort } from '../dispatch/dispatch.port.js';
import { JournalPort } from '../journal/journal.port.js';
import { PolicyPort } from '../policy/policy.port.js';
import { QuotasService } from '../quotas/quotas.service.js';
import { OpenApprovalsService } from '../approvals/open-approvals.service.js';
import { AlarmsService } from './alarms.service.js';
import type { RunShell } from './run-shell.js';

/** Pause after a decision that could not be stored, ms. */
const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 5_000;
/** How soon a run looks again for a policy that is still on its way, ms. */
const POLICY_RECHECK_MS = 100;

/** Decisions of a run in a row that facts may outrun; then it is left alone for a while, so that they all come in. */
const LOST_MAX = 8;
/** Each further loss makes the pause longer by this, up to `QUIET_MS_MAX`. */
const QUIET_MS = 100;
const QUIET_MS_MAX = 5_000;

/** Decides, stores and dispatches, one run at a time and many beside each other. One bad run harms itself alone. */
@Injectable()
export class RunsService {
  readonly #slots: Semaphore;

  constructor(
    @Inject(JournalPort) private readonly journal: JournalPort,
    @Inject(DispatchPort) private readonly dispatch: DispatchPort,
    @Inject(PolicyPort) private readonly policy: PolicyPort,
    @Inject(AlarmsService) private readonly alarms: AlarmsService,
    @Inject(OpenApprovalsService) private readonly approvals: OpenApprovalsService,
    @Inject(QuotasService) private readonly quotas: QuotasService,
    @Inject(CONFIG) config: RouterConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#slots = new Semaphore(config.decisionsMax);
  }

  /** What whoever reads journals waits for before reading on; null when a decision could be stored at once. */
  room(): Promise<void> | null {
    return this.#slots.waiting > 0 ? this.#slots.run(() => Promise.resolve()) : null;
  }

  /** Decides as long as something follows. Never rejects. */
  async advance(shell: RunShell): Promise<void> {
    shell.again = true;
    if (shell.deciding || shell.broken) return;
    shell.look = () => void this.advance(shell);
    shell.deciding = true;
    while (shell.again) {
      shell.again = false;
      await this.#slots.acquire();
      try {
        await this.#decideOn(shell);
        shell.failures = 0;
      } catch (error) {
        this.#failed(shell, MeshError.from(error));
      } finally {
        this.#slots.release();
      }
    }
    shell.deciding = false;
  }

  /** A run that was folded by another router before: its effects are sent again, its timers set. */
  async resume(shell: RunShell): Promise<void> {
    this.settle(shell);
    await this.alarms.sendAll(shell, outstanding(shell.state));
    await this.advance(shell);
  }

  /** The policy of its tenant changed: looks whether a kill switch holds one of its agents now. */
  isHalted(tenant: string, agents: readonly string[]): boolean {
    const policy = this.policy.viewOf(tenant);
    return agents.some((agent) => (policy?.halted?.(agent) ?? null) !== null);
  }

  /** The state of a run changed: quotas get back what its calls will not use, people see what it asks them. */
  settle(shell: RunShell): void {
    this.quotas.settle(shell);
    if (shell.home.isLive()) this.approvals.tell(shell);
  }

  /** Rings once, not before `dueAt`. */
  later(dueAt: number, ring: () => void): { cancel(): void } {
    return this.alarms.later(dueAt, ring);
  }

  /** The run leaves memory: it is over, and so are all below it, or it is quarantined. */
  closed(shell: RunShell): void {
    this.settle(shell);
    this.dispatch.report(shell.state);
  }

  /** Nothing happens to it any more by this process. */
  forget(shell: RunShell): void {
    this.alarms.clear(shell);
  }

  async #decideOn(shell: RunShell): Promise<void> {
    while (shell.home.isLive() && !shell.broken) {
      const before = shell.state;
      const decided = this.#next(shell);
      if (decided === null) break;
      const isStored = await this.#store(shell, before, decided).finally(() => shell.home.settle(shell));
      if (!isStored) {
        // Somebody else wrote: the reader brings it. If it has not yet, its coming starts this again.
        if (this.#isOutrun(shell) || shell.state === before) return;
        continue;
      }
      shell.lost = 0;
      await this.#carryOut(shell, decided);
    }
    this.#tidy(shell);
  }

  /** Facts that keep coming would beat every decision for ever: after some losses the run waits for them to end. */
  #isOutrun(shell: RunShell): boolean {
    shell.lost += 1;
    if (shell.lost < LOST_MAX) return false;
    shell.quietUntil = Date.now() + Math.min(QUIET_MS * (shell.lost - LOST_MAX + 1), QUIET_MS_MAX);
    this.logger.warn({ runId: shell.ref.runId, lost: shell.lost }, 'facts keep outrunning the decisions of a run');
    this.alarms.wake(shell, shell.quietUntil);
    return true;
  }

  #next(shell: RunShell): Decided | null {
    const { state } = shell;
    const nowMs = Date.now();
    shell.refused = false;
    if (state.accepted === null || isAtRest(state) || nowMs < shell.quietUntil) return null;
    if (shell.isShed) {
      return failRun(state, { code: 'OVERLOADED', message: 'Too many runs are open in this partition.' }, nowMs);
    }
    const policy = this.policy.viewOf(shell.ref.tenant);
    if (policy === null) {
      this.alarms.wake(shell, nowMs + POLICY_RECHECK_MS);
      return null;
    }
    // What only ends needs no turn, and what is paused asks for none.
    const ends = state.cancel !== null || haltOf(state, policy) !== null;
    if (state.plan === null && !ends && !isPaused(state) && !this.#admits(shell)) return null;
    const decided = decide(state, { nowMs, policy, room: shell.room, ...this.quotas.of(shell) });
    // Slots that were taken for calls whose quotas are still being asked.
    if (decided === null && shell.reserved.size > 0) shell.home.settle(shell);
    if (decided === null || !shell.parked || isEnd(decided) || this.#admits(shell)) return decided;
    // Woken: it goes on when it has its turn again.
    shell.home.settle(shell);
    return null;
  }

  #admits(shell: RunShell): boolean {
    shell.refused = !shell.home.admit(shell);
    return !shell.refused;
  }

  /** False when the journal moved on since it was folded. */
  async #store(shell: RunShell, before: RunState, decided: Decided): Promise<boolean> {
    try {
      const { seq, bytes } = await this.journal.decide(shell.ref, decided.decision, before.seq, (sent) =>
        shell.storing(decided, sent),
      );
      shell.foldOwn(before, decided, seq, bytes);
      return true;
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.code === 'SEQUENCE_CONFLICT') return false;
      if (fault.retry === 'backoff') throw fault;
      this.logger.error({ err: fault, runId: shell.ref.runId }, 'a decision cannot be stored; the run is failed');
      const failed = failRun(before, { code: fault.code, message: fault.message.slice(0, 500) }, Date.now());
      const { seq, bytes } = await this.journal.decide(shell.ref, failed.decision, before.seq, (sent) =>
        shell.storing(failed, sent),
      );
      shell.foldOwn(before, failed, seq, bytes);
      await this.#carryOut(shell, failed);
      return false;
    }
  }

  #carryOut(shell: RunShell, { effects }: Decided): Promise<void> {
    const asks: AskEffect[] = [];
    for (const effect of effects) {
      if ('id' in effect) asks.push(effect);
      else this.dispatch.hint(shell.state, effect);
    }
    return this.alarms.sendAll(shell, asks);
  }

  #tidy(shell: RunShell): void {
    if (isAtRest(shell.state)) {
      this.forget(shell);
      shell.home.leave(shell);
      return;
    }
    if (!shell.home.isLive() || shell.broken) return;
    this.alarms.arm(shell);
    // What was refused keeps its place, and what has ended needs none.
    if (!shell.refused && !hasEnded(shell.state)) shell.home.park(shell, shell.restsSince !== null);
  }

  /** Unavailable: later again. Anything else is a fault of this run, and stays with it. */
  #failed(shell: RunShell, fault: MeshError): void {
    const { runId } = shell.ref;
    if (fault.retry === 'backoff' || fault.code === 'SEQUENCE_CONFLICT') {
      const waitMs = backoffMs(shell.failures++, RETRY_BASE_MS, RETRY_CAP_MS);
      this.logger.warn({ err: fault, runId, waitMs }, 'a decision could not be stored yet');
      if (shell.home.isLive()) this.alarms.wake(shell, Date.now() + waitMs);
      return;
    }
    this.logger.error({ err: fault, runId }, 'a run cannot be worked on by this process');
    shell.broken = true;
    shell.again = false;
    // It stays in memory, so that the checkpoint keeps it: another process, or another version, may do better.
    this.alarms.clear(shell);
  }
}

/** A run is ended at once, whether it has its turn or not. */
const isEnd = ({ events }: Decided): boolean =>
  events.some(({ type }) => type === 'run.failed' || type === 'run.cancelled');
