import type { RunEvent, RunEventOf } from './run-event.js';

/** Events of single calls that say again what the step of the plan before them says. */
const OF_CALLS = new Set<RunEvent['type']>(['tool.requested', 'tool.inlined', 'tool.refused']);
type OfCall = RunEventOf<'tool.requested' | 'tool.inlined' | 'tool.refused'>;
export type PlanStepped = RunEventOf<'plan.stepped'>;

/** What a planned call is known by, instead of `step`, `callId`, `tool` and `arguments`: its place in its step. */
export const PLACE = 'place';
export const SAID_BY_PLAN = ['step', 'callId', 'tool', 'arguments'] as const;

/** Ids of calls are given by the engine, whatever a worker wrote: they are unique in the run by construction. */
export const callIdOf = (step: number, index: number): string => `call_${step}_${index}`;

export const isOfCall = (event: RunEvent): event is OfCall => OF_CALLS.has(event.type);
export const isOfCallType = (type: string): boolean => OF_CALLS.has(type as RunEvent['type']);

/** The event with the place of its call in the step, where it says of it what the step says; else as it is. */
export function placed(event: OfCall, { step, calls }: PlanStepped): Record<string, unknown> {
  const place = Number(event.callId.slice(event.callId.lastIndexOf('_') + 1));
  const call = calls[place];
  const isSaid =
    event.step === step &&
    event.callId === callIdOf(step, place) &&
    call?.tool === event.tool &&
    call.arguments === event.arguments;
  if (!isSaid) return { ...event };
  const { step: _step, callId: _callId, tool: _tool, arguments: _arguments, ...rest } = event;
  return { ...rest, [PLACE]: place };
}

/** The event with what the step says of its call; throws where it says nothing of one in that place. */
export function unplaced(event: Record<string, unknown>, planned: PlanStepped | null): Record<string, unknown> {
  const { type, [PLACE]: place, ...rest } = event;
  const call = planned?.calls[place as number];
  if (planned === null || call === undefined)
    throw new Error(`A ${String(type)} names a call that no step before it has.`);
  const { step } = planned;
  return { type, step, callId: callIdOf(step, place as number), tool: call.tool, arguments: call.arguments, ...rest };
}
