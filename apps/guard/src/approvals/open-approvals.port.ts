/** Where an approval may be open. */
export interface ListedApproval {
  /** `<run>.<question>`: sorts by the time of the run. */
  key: string;
  runId: string;
  questionId: string;
}

/** Which approvals may be open. Older than the journals by some milliseconds, and with some that are not open any more. */
export abstract class OpenApprovalsPort {
  /** By key. */
  abstract of(tenant: string): ListedApproval[];
}
