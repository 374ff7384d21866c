import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { backoffMs, MeshError } from '@signalbox/kernel';
import { type AskEffect, isOutstanding, outstanding, timersOf } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import type { RouterConfig } from '../config.js';
import { DispatchPort } from '../dispatch/dispatch.port.js';
import { JournalPort } from '../journal/journal.port.js';
import { TimersService } from '../timers/timers.service.js';
import type { RunShell } from './run-shell.js';

/** Pause before what failed is sent again, ms. */
const RESEND_BASE_MS = 200;
const RESEND_CAP_MS = 10_000;
/** Pause before a timer that could not be told is told again, ms. */
const FIRE_AGAIN_MS = 1_000;
const WAKE = 'wake';

/** Everything that happens to a run because time passes: timers that become facts, effects that are sent late or again. */
@Injectable()
export class AlarmsService {
  constructor(
    @Inject(TimersService) private readonly timers: TimersService,
    @Inject(JournalPort) private readonly journal: JournalPort,
    @Inject(DispatchPort) private readonly dispatch: DispatchPort,
    @Inject(CONFIG) private readonly config: RouterConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Makes the alarms of a run those that its state needs. */
  arm(shell: RunShell, wake: () => void): void {
    const wanted = new Set([WAKE]);
    for (const timer of timersOf(shell.state, Date.now())) {
      if (timer.kind === 'wake') {
        this.wake(shell, timer.dueAt, wake);
        continue;
      }
      wanted.add(timer.name);
      // One that rang stays listed until its fact is read: it is not set again meanwhile.
      if (shell.alarms.get(timer.name)?.dueAt !== timer.dueAt)
        this.#fireAt(shell, timer.name, timer.dueAt, timer.dueAt);
    }
    const asked = new Set(outstanding(shell.state).map(keyOf));
    for (const key of shell.sendings.keys()) if (!asked.has(key)) shell.sendings.delete(key);
    for (const name of shell.alarms.keys()) if (!wanted.has(name) && !asked.has(name)) this.#cancel(shell, name);
  }

  wake(shell: RunShell, dueAt: number, wake: () => void): void {
    this.#set(shell, WAKE, dueAt, wake);
  }

  clear(shell: RunShell): void {
    for (const name of [...shell.alarms.keys()]) this.#cancel(shell, name);
    shell.sendings.clear();
  }

  /** Sends what is due and was not sent by this process; resolves when each was stored, failed or put off. */
  async sendAll(shell: RunShell, effects: readonly AskEffect[]): Promise<void> {
    const stored: Promise<void>[] = [];
    for (const effect of effects) {
      if (shell.sendings.has(keyOf(effect))) continue;
      shell.sendings.set(keyOf(effect), { dispatch: 1, failures: 0 });
      if (effect.notBeforeAt > Date.now()) {
        this.#sendAt(shell, effect, effect.notBeforeAt);
        continue;
      }
      const sent = this.#send(shell, effect);
      // Memory is asked beside the run, work is stored in its path: that slows a router down when the streams are full.
      if (effect.kind === 'infer' || effect.kind === 'tool') stored.push(sent);
    }
    await Promise.all(stored);
  }

  #sendAt(shell: RunShell, effect: AskEffect, dueAt: number): void {
    this.#set(shell, keyOf(effect), dueAt, () => void this.#send(shell, effect));
  }

  /** Sends once, and sets the alarm for sending again. Never rejects. */
  async #send(shell: RunShell, effect: AskEffect): Promise<void> {
    const sending = shell.sendings.get(keyOf(effect));
    if (sending === undefined || !shell.home.isLive() || !isOutstanding(shell.state, effect)) return;
    try {
      await this.dispatch.send(shell.state, effect, sending.dispatch);
      sending.failures = 0;
      sending.dispatch += 1;
      if (sending.dispatch <= this.config.dispatchesMax)
        this.#sendAt(shell, effect, Date.now() + this.#patienceMs(shell, effect));
    } catch (error) {
      const fault = MeshError.from(error);
      const waitMs = backoffMs(sending.failures++, RESEND_BASE_MS, RESEND_CAP_MS);
      this.logger.warn(
        { err: fault, runId: shell.ref.runId, effect: effect.id, attempt: effect.attempt, waitMs },
        'an effect could not be sent yet',
      );
      // What can never be sent is left to its timer: the next attempt may fare better, and there are few.
      if (fault.retry === 'backoff') this.#sendAt(shell, effect, Date.now() + waitMs);
    }
  }

  /** How long an effect that was sent may stay unanswered before it is sent again under a new number. */
  #patienceMs(shell: RunShell, effect: AskEffect): number {
    const { redispatchMs, sessionTimeoutMs } = this.config;
    const { plan, calls } = shell.state;
    if (effect.kind === 'infer') return redispatchMs + (plan?.model.timeoutMs ?? 0);
    if (effect.kind === 'tool') return redispatchMs + (calls[effect.id]?.limits?.wallMs ?? 0);
    return sessionTimeoutMs;
  }

  /** `dueAt` goes into the fact, so that two routers write the same bytes and the broker drops one. */
  #fireAt(shell: RunShell, name: string, at: number, dueAt: number): void {
    this.#set(shell, name, at, () => {
      this.journal.fire(shell.ref, name, dueAt).catch((error: unknown) => {
        this.logger.warn(
          { err: MeshError.from(error), runId: shell.ref.runId, timer: name },
          'a timer could not be told yet',
        );
        if (shell.alarms.has(name)) this.#fireAt(shell, name, Date.now() + FIRE_AGAIN_MS, dueAt);
      });
    });
  }

  #set(shell: RunShell, name: string, dueAt: number, ring: () => void): void {
    this.#cancel(shell, name);
    if (!shell.home.isLive()) return;
    shell.alarms.set(
      name,
      this.timers.set(dueAt, () => {
        if (shell.home.isLive()) ring();
      }),
    );
  }

  #cancel(shell: RunShell, name: string): void {
    const alarm = shell.alarms.get(name);
    if (alarm === undefined) return;
    this.timers.cancel(alarm);
    shell.alarms.delete(name);
  }
}

const keyOf = (effect: AskEffect): string => `send:${effect.id}:${effect.attempt}`;
