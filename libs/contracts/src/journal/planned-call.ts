import { z } from 'zod';
import { Count } from '../units.js';
import type { RunEvent, RunEventOf } from './run-event.js';

/** Events of single calls that say again what the step of the plan before them says. */
type OfCall = RunEventOf<'tool.requested' | 'tool.inlined' | 'tool.refused'>;
const OF_CALLS: ReadonlySet<string> = new Set<OfCall['type']>(['tool.requested', 'tool.inlined', 'tool.refused']);
/** What they say of it; `place`, the index of the call in its step, stands for all four. */
const SAID = ['step', 'callId', 'tool', 'arguments'] as const;

export type PlanStepped = RunEventOf<'plan.stepped'>;
type Fields = Record<string, unknown>;
type Event = Fields & { type: string };

/** Ids of calls are given by the engine, whatever a worker wrote: they are unique in the run by construction. */
export const callIdOf = (step: number, index: number): string => `call_${step}_${index}`;

const isOfCall = (event: RunEvent): event is OfCall => OF_CALLS.has(event.type);

/** A copy of the event, with a place where `planned`, the step before it, says the same of its call. */
export function placed(event: RunEvent, planned: PlanStepped | null): Fields {
  if (planned === null || !isOfCall(event)) return { ...event };
  const place = Number(event.callId.slice(event.callId.lastIndexOf('_') + 1));
  const call = planned.calls[place];
  const isSaid =
    event.step === planned.step &&
    event.callId === callIdOf(planned.step, place) &&
    event.tool === call?.tool &&
    event.arguments === call.arguments;
  if (!isSaid) return { ...event };
  const { step: _step, callId: _callId, tool: _tool, arguments: _arguments, ...rest } = event;
  return { ...rest, place };
}

/** The event that was placed; throws where it says of its call too little or too much, or its step has no such call. */
export function unplaced(event: Event, planned: PlanStepped | null): Event {
  if (!OF_CALLS.has(event.type)) return event;
  const isPlaced = event['place'] !== undefined;
  if (!SAID.every((field) => (event[field] === undefined) === isPlaced))
    throw new Error(`A ${event.type} says too much of its call, or too little.`);
  if (!isPlaced) return event;
  const { type, place, ...rest } = event;
  const call = planned?.calls[place as number];
  if (planned === null || call === undefined) throw new Error(`A ${type} names a call that no step before it has.`);
  const { step } = planned;
  return { type, step, callId: callIdOf(step, place as number), tool: call.tool, arguments: call.arguments, ...rest };
}

/** The changes to the shape of such an event's schema where it may be placed; none for other types. */
export function placeShape(type: string, shape: Record<string, z.ZodType>): Record<string, z.ZodType> {
  if (!OF_CALLS.has(type)) return {};
  return { ...Object.fromEntries(SAID.map((field) => [field, shape[field]!.optional()])), place: Count.optional() };
}
