import type { RunRef } from '@signalbox/bus';

/** Where people look for approvals that are open. A hint: the journals say whether they are. */
export abstract class ApprovalIndexPort {
  abstract list(run: RunRef, questionId: string): Promise<void>;
  abstract unlist(run: RunRef, questionId: string): Promise<void>;
}
