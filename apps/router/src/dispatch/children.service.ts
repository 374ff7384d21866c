import { LOGGER } from '@signalbox/app-runtime';
import type { RunRef } from '@signalbox/bus';
import { MeshError } from '@signalbox/kernel';
import { childEndOf, holdFor, newRun, parentEndOf, type RunState, spawnOf } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import { JournalPort } from '../journal/journal.port.js';

/** What passes between a run and those that carry out its calls. Each message is a fact, and safe to repeat. */
@Injectable()
export class ChildrenService {
  constructor(
    @Inject(JournalPort) private readonly journal: JournalPort,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Starts the run of a call. One that began before is looked at: if it is over, its parent is told now. It is paused with its parent, and goes on with it. */
  async start(parent: RunState, callId: string): Promise<void> {
    const run = childOf(parent, callId);
    const isNew = await this.journal.spawn(run, spawnOf(parent, callId));
    const child = isNew ? newRun('') : await this.journal.fold(run);
    const hold = holdFor(parent, child);
    if (hold !== null) await this.journal.holdChild(run, hold);
    if (!isNew) await this.#tell(child);
  }

  /** Ends the run of a call that nobody waits for any more. It is begun first, so that nothing late can begin it. */
  async stop(parent: RunState, callId: string): Promise<void> {
    const child = childOf(parent, callId);
    const isNew = await this.journal.spawn(child, spawnOf(parent, callId));
    await this.journal.endParent(child, parentEndOf(parent));
    if (!isNew) await this.#tell(await this.journal.fold(child), true);
  }

  /** Tells the parent of a run that it is over. Best effort: the parent looks for itself when it hears nothing. */
  report(child: RunState): void {
    if (child.accepted?.parent === undefined) return;
    this.#tell(child).catch((error: unknown) => {
      const { runId, parent } = child.accepted!;
      this.logger.warn({ err: MeshError.from(error), runId, parent: parent?.runId }, 'a run could not report its end');
    });
  }

  async #tell(child: RunState, stopped = false): Promise<void> {
    const end = childEndOf(child, stopped);
    const { tenant, parent } = child.accepted ?? {};
    if (end === null || tenant === undefined || parent === undefined) return;
    await this.journal.endChild({ tenant, runId: parent.runId }, end);
  }
}

const childOf = (parent: RunState, callId: string): RunRef => ({
  tenant: parent.accepted!.tenant,
  runId: parent.calls[callId]!.child!.runId,
});
