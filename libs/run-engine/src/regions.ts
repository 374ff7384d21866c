import type { BundleRef, DecisionRecord, ToolManifest, WireError } from '@signalbox/contracts';
import type { RunState } from './state.js';

/** Regions that nothing of the run may leave: what policy demands, the request, and the conversation it goes on. Null: none. */
export function regionsOf({ accepted, plan, sessionRegions }: RunState): readonly string[] | null {
  return [accepted?.regions, plan?.regions, sessionRegions ?? undefined].reduce(
    (left: readonly string[] | null, more) =>
      more === undefined ? left : (left?.filter((region) => more.includes(region)) ?? more),
    null,
  );
}

/** What the conversation must keep to from then on, whatever policy asks for later. Null: nothing. */
export const sessionRegionsOf = (state: RunState): readonly string[] | null => regionsOf({ ...state, plan: null });

const isWithin = (regions: readonly string[] | undefined, allowed: readonly string[]): boolean =>
  regions !== undefined && regions.length > 0 && regions.every((region) => allowed.includes(region));

const where = (regions: readonly string[] | undefined): string =>
  regions?.join(', ') || 'a region that it does not name';

/** Why the model of the run may not have its conversation; null: it may. No other is tried: it was chosen by its region. */
export function modelOutside(state: RunState): WireError | null {
  const allowed = regionsOf(state);
  const { id, regions } = state.plan!.model;
  if (allowed === null || isWithin(regions, allowed)) return null;
  const message = `What this run carries may only be in ${allowed.join(', ') || 'no region at all'}; model ${id} is in ${where(regions)}.`;
  return { code: 'REGION_DENIED', message };
}

/** The refusal of a call that would take data out of its regions; null: it would not. What the mesh does itself stays in it. */
export function toolOutside(
  state: RunState,
  { name, driver, regions }: ToolManifest,
  bundle: BundleRef,
): DecisionRecord | null {
  const allowed = regionsOf(state);
  if (allowed === null || driver.kind !== 'http' || isWithin(regions, allowed)) return null;
  const reason = `What this run carries may only be in ${allowed.join(', ') || 'no region at all'}; ${name} is in ${where(regions)}.`;
  return { outcome: 'deny', kind: 'residency', rules: [], reason: reason.slice(0, 1_000), bundle };
}
