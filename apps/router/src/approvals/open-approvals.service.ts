import { LOGGER } from '@signalbox/app-runtime';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import type { RunState } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import type { RunShell } from '../runs/run-shell.js';
import { ApprovalIndexPort } from './approval-index.port.js';

const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 5_000;

/** Keeps the list of open approvals as the journals have it. What is missed is made up for by whoever takes the run over. */
@Injectable()
export class OpenApprovalsService {
  constructor(
    @Inject(ApprovalIndexPort) private readonly index: ApprovalIndexPort,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The state of the run changed. */
  tell(shell: RunShell): void {
    if (shell.isListing || untold(shell).length === 0) return;
    shell.isListing = true;
    void this.#list(shell);
  }

  async #list(shell: RunShell): Promise<void> {
    let failures = 0;
    for (let changed = untold(shell); changed.length > 0; changed = untold(shell)) {
      try {
        for (const { questionId, isOpen } of changed) {
          if (isOpen) await this.index.list(shell.ref, questionId);
          else await this.index.unlist(shell.ref, questionId);
          shell.listed.set(questionId, isOpen);
        }
      } catch (error) {
        this.logger.warn(
          { err: MeshError.from(error), runId: shell.ref.runId },
          'an open approval cannot be listed yet',
        );
        await pause(backoffMs(failures++, RETRY_BASE_MS, RETRY_CAP_MS));
        if (!shell.home.isLive()) break;
      }
    }
    shell.isListing = false;
  }
}

/** Approvals that the list may not show as the journal has them: whoever had the run before may have left any there. */
function untold({ state, listed }: RunShell): { questionId: string; isOpen: boolean }[] {
  const known = [...askedOf(state), ...listed.keys()];
  if (known.length === 0) return [];
  const isOpen = (questionId: string): boolean =>
    state.status === 'waiting' && state.questions[questionId]?.answer === null;
  return [...new Set(known)]
    .map((questionId) => ({ questionId, isOpen: isOpen(questionId) }))
    .filter((one) => listed.get(one.questionId) !== one.isOpen);
}

/** Approvals that are asked for, and those of the newest step that were answered. */
function askedOf({ questions, calls, steps }: RunState): string[] {
  const asked = Object.values(questions).filter(({ approval }) => approval !== null);
  const answered = (steps.at(-1)?.callIds ?? []).flatMap((callId) => calls[callId]?.approval ?? []);
  return [...asked, ...answered].map(({ questionId }) => questionId);
}
