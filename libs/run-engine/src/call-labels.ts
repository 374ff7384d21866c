import { type CallLabels, type Label, TENANT_READERS, type ToolManifest, unlabelled } from '@signalbox/contracts';
import { stepNumbered } from './draft.js';
import { extracts } from './extract.js';
import { handleLabels, sentArguments } from './handles.js';
import { contextOf, openingLabel, raised } from './labels.js';
import { planLabels, planOutputLabel } from './plan-labels.js';
import { provenanceOf } from './provenance.js';
import type { Call, RunState } from './state.js';

/** Drivers that only work on what they are given; a run of its own tells the label of its answer itself. */
const OWN_WORDS: ReadonlySet<ToolManifest['driver']['kind']> = new Set(['inline', 'timer', 'handoff', 'agent']);

/** What a call is decided by, beside its arguments. The same before and after it was asked for. */
export function labelsOf(state: RunState, call: Call, args: Record<string, unknown>): CallLabels {
  const provenance = provenanceOf(state, call, args);
  const flow = flowOf(state, call);
  return provenance === null ? flow : { ...flow, ...provenance };
}

/** The same of a call as it is sent. */
export function labelsSent(state: RunState, call: Call): CallLabels {
  return labelsOf(state, call, JSON.parse(sentArguments(state, call)) as Record<string, unknown>);
}

/** Of what led to a call, and of what was filled into it. */
export function flowOf(state: RunState, call: Call): CallLabels {
  const context = stepNumbered(state, call.step)?.label ?? unlabelled(call.callId);
  const own = handleLabels(state, call, context) ?? planLabels(state, call, context);
  return own === null ? { context } : { context, arguments: own };
}

/** Of a call with all its arguments. */
export function argumentsLabel({ context, arguments: own }: CallLabels): Label {
  return own === undefined ? context : Object.values(own).reduce(raised, context);
}

/** Of what a call answers with: made of its arguments, and of whatever its tool draws from. */
export function resultLabel(state: RunState, call: Call): Label {
  const given = argumentsLabel(flowOf(state, call));
  const tool = state.plan?.tools.find(({ name }) => name === call.tool);
  if (tool !== undefined && OWN_WORDS.has(tool.driver.kind)) return given;
  const origin = `${call.callId} ${call.tool}`;
  if (tool === undefined) return raised(given, unlabelled(origin));
  const { source = 'untrusted', sensitivity = [TENANT_READERS] } = tool;
  return raised(given, { integrity: source, readers: sensitivity.toSorted(), origins: [origin.slice(0, 160)] });
}

/** Of a result that looks like orders, whatever its tool says of itself. */
export function suspectedLabel({ callId, tool, label }: Call): Label {
  const origin = `${callId} ${tool}, suspected`.slice(0, 160);
  return raised(label, { integrity: 'untrusted', readers: [], origins: [origin] });
}

/** Fields of HTTP answers are named by the driver. */
const HTTP_FIELDS = ['status', 'contentType', 'body'];

/** Of a tool whose results are not shown, the names of fields that are told; null: its results are shown. */
export function hiddenOf({ plan }: RunState, call: Call): readonly string[] | null {
  const tool = plan?.tools.find(({ name }) => name === call.tool);
  if (tool?.opaque === undefined) return null;
  return tool.driver.kind === 'http' ? [...HTTP_FIELDS, ...tool.opaque.fields] : tool.opaque.fields;
}

/** Of the answer of a run that is over. */
export function outputLabel(state: RunState): Label {
  const plan = state.plan?.agent.plan;
  if (plan !== undefined) return planOutputLabel(state, plan);
  const label = contextOf(state);
  const isClosed = state.status === 'completed' && extracts(state.plan!.agent);
  return isClosed ? { ...label, integrity: 'trusted' } : label;
}

/** Of what a run adds to its session. */
export const sessionLabel = (state: RunState): Label => raised(outputLabel(state), openingLabel(state));
