import type { CedarPolicy, ToolManifest } from '@signalbox/contracts';
import { CedarPolicySet, compileCedarPolicy, evaluatePolicies, ToolCalls, toolFlow } from '@signalbox/policy-engine';
import type { CedarPort, Effect } from './cedar.port.js';
import { type SampleCall, sampleCalls } from './sample-calls.js';

/** Calls that both engines are asked about; Cedar's takes some 0.3 ms for each. */
const SAMPLES = 32;

/** A call that the enforcement points would judge otherwise than Cedar's own engine does; null: none was found. */
export function disagreement(cedar: CedarPort, policy: CedarPolicy, tool: ToolManifest): SampleCall | null {
  const code = compileCedarPolicy(policy.id, policy.json);
  const set = new CedarPolicySet([code]);
  for (const call of sampleCalls(policy.json, tool, SAMPLES)) {
    const calls = new ToolCalls(call.agent, tool);
    const request = calls.request(call.arguments, call.userId, call.labels);
    const { permits, forbids, errors } = evaluatePolicies(set.slice(calls), request);
    const ours: Effect = errors.length > 0 ? 'fails' : permits.length + forbids.length > 0 ? 'applies' : 'passes';
    if (ours !== cedar.effectOf(policy.text, questionOf(call, tool))) return call;
  }
  return null;
}

/** The call in Cedar's JSON notation. */
function questionOf({ agent, userId, labels, cedarArguments }: SampleCall, tool: ToolManifest) {
  const { name, effect, tier, driver } = tool;
  const { source, sensitivity, egress, readers } = toolFlow(tool);
  const { context } = labels;
  const resource = { type: 'Tool', id: name };
  return {
    principal: { type: 'Agent', id: agent },
    action: { type: 'Action', id: 'call' },
    resource,
    context: {
      user: { __entity: { type: 'User', id: userId } },
      untrusted: context.integrity === 'untrusted',
      readers: context.readers,
      arguments: cedarArguments,
    },
    entities: [
      {
        uid: resource,
        attrs: { effect, tier, driver: driver.kind, source, sensitivity, egress, readers: [...readers] },
        parents: [],
      },
    ],
  };
}
