import type { DecisionRecord, ToolManifest } from '@signalbox/contracts';
import type { CompiledPolicy, ToolAccess } from '@signalbox/policy-engine';
import { schemaFaults } from '@signalbox/run-engine';

export type Judge = (access: ToolAccess) => DecisionRecord;

/** Decides calls as the mesh would: arguments that do not match the schema of the tool never reach policy. */
export function judgeOf(policy: CompiledPolicy, tools: readonly ToolManifest[]): Judge {
  const parameters = new Map(tools.map((tool) => [tool.name, tool.parameters]));
  return (access) => {
    const faults = schemaFaults(parameters.get(access.tool) ?? {}, access.arguments);
    if (faults.length === 0) return policy.authorize(access);
    const reason = `The arguments do not match the schema of the tool: ${faults.join('; ')}`.slice(0, 1_000);
    return { outcome: 'deny', kind: 'invalid', rules: [], reason, bundle: policy.bundle };
  };
}
