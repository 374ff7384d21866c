import type {
  AgentManifest,
  BundleRef,
  CallLabels,
  ModelManifest,
  RunForkRequest,
  ToolManifest,
} from '@signalbox/contracts';

/** An agent with all it needs to run, as one bundle has it. */
export interface ResolvedAgent {
  agent: AgentManifest;
  model: ModelManifest;
  tools: ToolManifest[];
  bundle: BundleRef;
}

/** The same, and the regions that data of the run may not leave. */
export interface PlacedAgent extends ResolvedAgent {
  regions: readonly string[] | null;
}

/** What a fork wants in place of the agent's own. */
export type AgentChange = Pick<RunForkRequest, 'model' | 'instructions'>;

/** One tool call to decide. `arguments` is the parsed JSON value. */
export interface ToolAccess {
  agent: string;
  tool: string;
  arguments: unknown;
  userId: string;
  labels: CallLabels;
}
