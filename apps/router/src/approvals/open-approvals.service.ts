import { LOGGER } from '@signalbox/app-runtime';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import { hasEnded } from '@signalbox/run-engine';
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
    if (shell.isListing || isListed(shell)) return;
    shell.isListing = true;
    void this.#list(shell);
  }

  async #list(shell: RunShell): Promise<void> {
    for (let failures = 0; !isListed(shell);) {
      const open = openApprovals(shell);
      try {
        for (const questionId of open.filter((id) => !shell.listed.has(id))) {
          await this.index.list(shell.ref, questionId);
          shell.listed.add(questionId);
        }
        for (const questionId of [...shell.listed].filter((id) => !open.includes(id))) {
          await this.index.unlist(shell.ref, questionId);
          shell.listed.delete(questionId);
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

function openApprovals({ state }: RunShell): string[] {
  if (hasEnded(state) || state.status !== 'waiting') return [];
  const open = Object.values(state.questions).filter(({ approval, answer }) => approval !== null && answer === null);
  return open.map(({ questionId }) => questionId);
}

function isListed(shell: RunShell): boolean {
  const open = openApprovals(shell);
  return open.length === shell.listed.size && open.every((id) => shell.listed.has(id));
}
