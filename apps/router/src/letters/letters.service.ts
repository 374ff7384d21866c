import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus, BusMessage } from '@signalbox/bus';
import type { InferWorkV1, LetterKey, ToolWorkV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { type AskEffect, foldJournal, hasEnded, isOutstanding, TIMERS } from '@signalbox/run-engine';

/** Sends dead letters of work again: the router alone may publish there, and its own seal on them still holds. */
@Injectable()
export class LettersService {
  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {}

  /** CONFLICT when nobody waits for the work any more, SEAL_INVALID when the router did not send it. */
  async replay(tenant: string, key: LetterKey): Promise<void> {
    const letter = await this.bus.letters.get(tenant, key);
    const message = await this.bus.letters.open(letter);
    const { runId, deadlineAt, ask } = askOf(message);
    const state = foldJournal(await this.bus.journal.read({ tenant, runId }));
    if (state.entries === 0)
      throw new MeshError('CONFLICT', `The journal of ${runId} has left the bus: the run has ended.`);
    if (hasEnded(state)) throw new MeshError('CONFLICT', `The run ${runId} has ended: it is ${state.status}.`);
    if (!isOutstanding(state, ask))
      throw new MeshError('CONFLICT', `The run ${runId} no longer waits for ${ask.id}, attempt ${ask.attempt}.`);
    if (deadlineAt <= Date.now())
      throw new MeshError('CONFLICT', `The time for ${ask.id} of ${runId} is over: its worker would refuse it.`);
    await this.bus.letters.resend(letter);
  }
}

function askOf({ channel, body }: BusMessage<unknown>): { runId: string; deadlineAt: number; ask: AskEffect } {
  if (channel === 'workInfer') {
    const { runId, deadlineAt, step, attempt } = body as InferWorkV1;
    return { runId, deadlineAt, ask: { kind: 'infer', id: TIMERS.model(step), attempt, notBeforeAt: 0 } };
  }
  if (channel === 'workTool') {
    const { runId, deadlineAt, callId, attempt } = body as ToolWorkV1;
    return { runId, deadlineAt, ask: { kind: 'tool', id: callId, attempt, notBeforeAt: 0 } };
  }
  throw new MeshError('CONFLICT', `The router sends nothing to ${channel}.`);
}
