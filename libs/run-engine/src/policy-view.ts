import type {
  AgentManifest,
  BundleRef,
  CallLabels,
  DecisionRecord,
  ModelManifest,
  RunForkRequest,
  ToolManifest,
  WireError,
} from '@signalbox/contracts';
import type { QuotaQuestion, QuotaVerdict } from './quotas.js';

export type Resolution =
  | {
      ok: true;
      agent: AgentManifest;
      model: ModelManifest;
      tools: readonly ToolManifest[];
      bundle: BundleRef;
      regions?: readonly string[] | null;
    }
  | { ok: false; error: WireError };

export interface AuthorizeQuestion {
  agent: string;
  tool: string;
  arguments: Record<string, unknown>;
  userId: string;
  labels: CallLabels;
}

/** A kill switch, and the bundle that carries it. */
export interface Halted {
  id: string;
  reason: string;
  bundle: BundleRef;
}

/** What is in force for the tenant of a run, as the decider sees it. Pure: same question, same answer, while the bundle stays. */
export interface PolicyView {
  /** `change`: what a fork wants in place of the agent's own. `regions`: what the run must not leave, beside what policy says. */
  resolve(
    agentId: string,
    change?: Pick<RunForkRequest, 'model' | 'instructions'>,
    regions?: readonly string[],
  ): Resolution;
  /** `callId`: for who has verdicts on record; a policy in force does not look at it. */
  authorize(question: AuthorizeQuestion, callId: string): DecisionRecord;
  /** Of these tools, those that could be permitted under these labels, for some arguments; absent: all. */
  offered?(question: Omit<AuthorizeQuestion, 'tool' | 'arguments'> & { tools: string[] }): string[];
  /** The kill switch that holds the agent now; absent or null: it may run. */
  halted?(agentId: string): Halted | null;
}

export interface DecideEnv {
  /** Time of the decision, ms since 1970. */
  nowMs: number;
  policy: PolicyView;
  /** Whether one more call of a tool that is limited may be asked for now; absent: any. Counts as asked for when it says yes. */
  room?: (tool: string) => boolean;
  /** What quotas say of a call that would begin now; absent: there are none. */
  quota?: (question: QuotaQuestion) => QuotaVerdict;
  /** Version of the rules to decide by; absent: the present one. For decisions of the past. */
  engine?: number;
}

/** Asks the policy; an error while deciding is a denial. */
export function authorized(policy: PolicyView, question: AuthorizeQuestion, callId: string): DecisionRecord {
  try {
    return policy.authorize(question, callId);
  } catch (error) {
    const reason = `The policy could not decide: ${error instanceof Error ? error.message : String(error)}`;
    return { outcome: 'deny', kind: 'error', rules: [], reason: reason.slice(0, 1_000), bundle: null };
  }
}
