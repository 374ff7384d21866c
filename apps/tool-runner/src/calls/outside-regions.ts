import type { DecisionRecord, ToolManifest, ToolWorkV1 } from '@signalbox/contracts';
import { type CompiledPolicy, isWithin } from '@signalbox/policy-engine';

/** The denial of a call that would take data out of its regions, by the policy in force and by its work; null: it would not. */
export function outsideRegions(
  { bundle, governance }: CompiledPolicy,
  { agent, regions: asked }: ToolWorkV1,
  { name, driver, regions: where }: ToolManifest,
): DecisionRecord | null {
  const regions = governance.regionsOf(agent, asked);
  // What the mesh does itself stays in it.
  if (driver.kind !== 'http' || isWithin(where, regions)) return null;
  const reason = `What this run carries may only be in ${regions?.join(', ')}; ${name} is not, or does not say where it is.`;
  return { outcome: 'deny', kind: 'residency', rules: [], reason, bundle };
}
