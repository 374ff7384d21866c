import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { backoffMs, MeshError } from '@signalbox/kernel';
import { type AskEffect, isOutstanding, outstanding, type Timer, timersOf } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import type { RouterConfig } from '../config.js';
import { DispatchGate } from '../dispatch/dispatch-gate.js';
import { DispatchPort } from '../dispatch/dispatch.port.js';
import { JournalPort } from '../journal/journal.port.js';
import { TimersService } from '../timers/timers.service.js';
import type { RunShell, Sending } from './run-shell.js';

/** Pause before what failed is sent again, ms. */
const RESEND_BASE_MS = 200;
const RESEND_CAP_MS = 10_000;
/** Pause before a timer that could not be told is told again, ms. */
const FIRE_AGAIN_MS = 1_000;
/** What another router asked for is left to it for so long: it may have lost the partition before it sent it. ms. */
const ADOPT_MS = 1_000;
const NEVER = Number.POSITIVE_INFINITY;
/** Longest pause between two looks at a run that carries out a call, ms; its own report comes at once. */
const CHILD_LOOK_CAP_MS = 600_000;

/**
 * Everything that happens to a run because time passes: timers that become facts, effects that are sent late or again.
 * A run has one alarm, set to the first of these. One that rings early finds nothing due and is set anew, so that most
 * decisions leave it alone.
 */
@Injectable()
export class AlarmsService {
  constructor(
    @Inject(TimersService) private readonly timers: TimersService,
    @Inject(JournalPort) private readonly journal: JournalPort,
    @Inject(DispatchPort) private readonly dispatch: DispatchPort,
    @Inject(DispatchGate) private readonly gate: DispatchGate,
    @Inject(CONFIG) private readonly config: RouterConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Sees to it that the run is looked at again when time brings something to it. */
  arm(shell: RunShell): void {
    if (!shell.home.isLive() || shell.broken) return;
    let dueAt = shell.wakeAt;
    const timers = timersOf(shell.state, Date.now());
    this.#dropRead(shell, timers);
    for (const timer of timers) dueAt = Math.min(dueAt, shell.told.get(ringOf(timer)) ?? timer.dueAt);
    if (shell.foreign) this.#adopt(shell);
    if (shell.sendings.size > 0) {
      this.#dropAnswered(shell);
      this.#passOn(shell);
      for (const { nextAt } of shell.sendings.values()) dueAt = Math.min(dueAt, nextAt);
    }
    if (dueAt !== NEVER) this.#setAlarm(shell, dueAt);
  }

  /** Looks at the run again at that time, or before. */
  wake(shell: RunShell, dueAt: number): void {
    shell.wakeAt = Math.min(shell.wakeAt, dueAt);
    this.#setAlarm(shell, dueAt);
  }

  /** Rings once, not before `dueAt`; for what has no shell. */
  later(dueAt: number, ring: () => void): { cancel(): void } {
    const alarm = this.timers.set(dueAt, ring);
    return { cancel: () => this.timers.cancel(alarm) };
  }

  clear(shell: RunShell): void {
    if (shell.alarm !== null) this.timers.cancel(shell.alarm);
    shell.alarm = null;
    shell.wakeAt = NEVER;
    shell.told.clear();
    for (const sending of shell.sendings.values()) this.gate.left(sending);
    shell.sendings.clear();
  }

  /** Sends what is due and was not sent by this process; resolves when each was stored, failed or put off. */
  async sendAll(shell: RunShell, effects: readonly AskEffect[]): Promise<void> {
    const stored: Promise<void>[] = [];
    for (const effect of effects) {
      const key = keyOf(effect);
      if (shell.sendings.has(key)) continue;
      const sending: Sending = { effect, dispatch: 1, failures: 0, nextAt: effect.notBeforeAt };
      shell.sendings.set(key, sending);
      if (effect.notBeforeAt > Date.now()) continue;
      const sent = this.#send(shell, sending);
      // Memory is asked beside the run, work is stored in its path: that slows a router down when the streams are full.
      if (effect.kind !== 'session-load' && effect.kind !== 'session-save') stored.push(sent);
    }
    if (stored.length > 0) await Promise.all(stored);
  }

  /** Effects of decisions that were read and not made here, of this process's own lost acknowledgements too: sent unless answered soon. */
  #adopt(shell: RunShell): void {
    shell.foreign = false;
    const dueAt = Date.now() + ADOPT_MS;
    for (const effect of outstanding(shell.state)) {
      const key = keyOf(effect);
      if (shell.sendings.has(key)) continue;
      shell.sendings.set(key, { effect, dispatch: 1, failures: 0, nextAt: Math.max(dueAt, effect.notBeforeAt) });
    }
  }

  #setAlarm(shell: RunShell, dueAt: number): void {
    if (!shell.home.isLive()) return;
    if (shell.alarm !== null) {
      if (shell.alarm.dueAt <= dueAt) return;
      this.timers.cancel(shell.alarm);
    }
    shell.alarm = this.timers.set(dueAt, () => this.#ring(shell));
  }

  #ring(shell: RunShell): void {
    shell.alarm = null;
    if (!shell.home.isLive()) return;
    const now = Date.now();
    if (shell.wakeAt <= now) shell.wakeAt = NEVER;
    this.#fireDue(shell, now);
    this.#dropAnswered(shell);
    for (const sending of shell.sendings.values()) if (sending.nextAt <= now) void this.#send(shell, sending);
    shell.look();
    this.arm(shell);
  }

  /** Timers that ring are told once; one that was told stays listed until its fact is read. */
  #fireDue(shell: RunShell, now: number): void {
    const timers = timersOf(shell.state, now).filter(({ kind }) => kind === 'fact');
    this.#dropRead(shell, timers);
    for (const timer of timers) if ((shell.told.get(ringOf(timer)) ?? timer.dueAt) <= now) this.#fire(shell, timer);
  }

  /** Forgets what was told and is read by now. */
  #dropRead(shell: RunShell, timers: readonly Timer[]): void {
    if (shell.told.size === 0) return;
    const rings = new Set(timers.map(ringOf));
    for (const ring of shell.told.keys()) if (!rings.has(ring)) shell.told.delete(ring);
  }

  /** `dueAt` goes into the fact, so that two routers write the same bytes and the broker drops one. */
  #fire(shell: RunShell, timer: Timer): void {
    const { name, dueAt } = timer;
    const ring = ringOf(timer);
    shell.told.set(ring, NEVER);
    this.journal.fire(shell.ref, name, dueAt).catch((error: unknown) => {
      this.logger.warn(
        { err: MeshError.from(error), runId: shell.ref.runId, timer: name },
        'a timer could not be told yet',
      );
      if (!shell.told.has(ring)) return;
      shell.told.set(ring, Date.now() + FIRE_AGAIN_MS);
      this.arm(shell);
    });
  }

  /** The run was paused or let go on: runs below it are looked at now, and told. */
  #passOn(shell: RunShell): void {
    const { round } = shell.state.holding;
    if (shell.toldRound === round) return;
    shell.toldRound = round;
    for (const sending of shell.sendings.values()) if (sending.effect.kind === 'child') sending.nextAt = 0;
  }

  #dropAnswered(shell: RunShell): void {
    if (shell.sendings.size === 0) return;
    const asked = outstanding(shell.state);
    for (const [key, sending] of shell.sendings) {
      const { effect } = sending;
      if (asked.some(({ id, attempt }) => id === effect.id && attempt === effect.attempt)) continue;
      shell.sendings.delete(key);
      this.gate.left(sending);
    }
  }

  /** Sends once, and notes when to send again. Never rejects. */
  async #send(shell: RunShell, sending: Sending): Promise<void> {
    const { effect } = sending;
    if (!shell.home.isLive() || !isOutstanding(shell.state, effect)) return this.gate.left(sending);
    sending.nextAt = NEVER;
    const { round } = shell.state.holding;
    if (!this.gate.enter(shell, sending, () => void this.#send(shell, sending))) return;
    try {
      await this.dispatch.send(shell.state, effect, sending.dispatch);
      sending.failures = 0;
      sending.dispatch += 1;
      // Nobody else times a run below this one: it is looked at again as long as this one waits for it.
      if (sending.dispatch <= this.config.dispatchesMax || isChildAsk(effect))
        sending.nextAt = Date.now() + this.#patienceMs(shell, sending);
      // It was paused meanwhile.
      if (effect.kind === 'child' && shell.state.holding.round !== round) sending.nextAt = Date.now();
    } catch (error) {
      const fault = MeshError.from(error);
      const waitMs = backoffMs(sending.failures++, RESEND_BASE_MS, RESEND_CAP_MS);
      this.logger.warn(
        { err: fault, runId: shell.ref.runId, effect: effect.id, attempt: effect.attempt, waitMs },
        'an effect could not be sent yet',
      );
      // What can never be sent is left to its timer: the next attempt may fare better, and there are few.
      if (fault.retry === 'backoff') sending.nextAt = Date.now() + waitMs;
    }
    if (sending.nextAt !== NEVER) this.#setAlarm(shell, sending.nextAt);
  }

  /** How long an effect that was sent may stay unanswered before it is sent again under a new number. */
  #patienceMs(shell: RunShell, { effect, dispatch }: Sending): number {
    const { redispatchMs, sessionTimeoutMs } = this.config;
    const { plan, calls } = shell.state;
    if (isChildAsk(effect)) return Math.min(CHILD_LOOK_CAP_MS, redispatchMs * 2 ** Math.min(dispatch - 2, 20));
    if (effect.kind === 'infer') return redispatchMs + (plan?.model.timeoutMs ?? 0);
    if (effect.kind === 'tool') return redispatchMs + (calls[effect.id]?.limits?.wallMs ?? 0);
    return sessionTimeoutMs;
  }
}

/** A timer that moves, as that of the wall time does, rings anew. */
const ringOf = ({ name, dueAt }: Timer): string => `${name}@${dueAt}`;
const isChildAsk = ({ kind }: AskEffect): boolean => kind === 'child' || kind === 'child-stop';
const keyOf = (effect: AskEffect): string => `${effect.id}:${effect.attempt}`;
