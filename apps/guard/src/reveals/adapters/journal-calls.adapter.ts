import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { Semaphore } from '@signalbox/kernel';
import { argumentsLabel, foldJournal, labelsSent, sentArguments } from '@signalbox/run-engine';
import type { RunRef } from '../../runs/run-journal.port.js';
import { CallsPort, type OpenCall } from '../calls.port.js';

/** Journals read at once. */
const READS_MAX = 16;
/** Reads that wait for their turn; more are refused with OVERLOADED. */
const WAITING_MAX = 1_024;

@Injectable()
export class JournalCallsAdapter extends CallsPort {
  readonly #reads = new Semaphore(READS_MAX, WAITING_MAX);

  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override async open(run: RunRef, callId: string): Promise<OpenCall | null> {
    const state = foldJournal(await this.#reads.run(() => this.bus.journal.read(run)));
    const call = Object.hasOwn(state.calls, callId) ? state.calls[callId] : undefined;
    if (call?.status !== 'requested' || !state.plan || !state.accepted || state.endedAt !== null) return null;
    return {
      agent: state.plan.agent.id,
      tool: call.tool,
      userId: state.accepted.principal.userId,
      arguments: sentArguments(state, call),
      argumentsHash: call.argumentsHash,
      untrusted: argumentsLabel(labelsSent(state, call)).integrity === 'untrusted',
    };
  }
}
