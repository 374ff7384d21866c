import type { Delegation, ModelManifest, PolicyBundleV1, Quota } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { covers } from './rules/rule-set.js';

/** What holds beside the permits of one bundle: quotas, who approves for whom, and where data may go. */
export class Governance {
  readonly #quotas: readonly Quota[];

  constructor(private readonly bundle: Pick<PolicyBundleV1, 'quotas' | 'delegations' | 'residencies'>) {
    this.#quotas = bundle.quotas ?? [];
  }

  get hasQuotas(): boolean {
    return this.#quotas.length > 0;
  }

  /** The quotas that calls of a tool by an agent count in. */
  quotasOf(agent: string, tool: string): readonly Quota[] {
    return this.#quotas.filter((one) => covers(one.agents, agent) && covers(one.tools, tool));
  }

  /** The delegations by which a user may approve calls of a tool for others now. */
  delegationsTo(userId: string, tool: string, nowMs: number): readonly Delegation[] {
    return (this.bundle.delegations ?? []).filter(
      (one) => one.to === userId && covers(one.tools, tool) && one.startsAt <= nowMs && nowMs < one.endsAt,
    );
  }

  /** The regions that data of an agent's runs may not leave, `asked` for by the run among them; null: it may go anywhere. */
  regionsOf(agent: string, asked?: readonly string[]): readonly string[] | null {
    const demands = (this.bundle.residencies ?? []).filter(({ agents }) => covers(agents, agent));
    return demands.reduce((left: readonly string[] | null, { regions }) => narrowedTo(left, regions), asked ?? null);
  }

  /** The first of an agent's models that is within its regions. REGION_DENIED where none is: nothing else is tried. */
  placed(agent: string, models: readonly ModelManifest[], regions: readonly string[] | null): ModelManifest {
    const found = models.find((model) => isWithin(model.regions, regions));
    if (found !== undefined) return found;
    const names = models.map(({ id, regions: where }) => `${id} (${where?.join(', ') ?? 'region unknown'})`).join(', ');
    throw new MeshError(
      'REGION_DENIED',
      `What this run carries may only be in ${regions?.join(', ') || 'no region at all'}; agent ${agent} has ${names}.`,
    );
  }
}

/** Both hold. Null: no demand. */
export function narrowedTo(one: readonly string[] | null, other: readonly string[] | null): readonly string[] | null {
  if (one === null || other === null) return one ?? other;
  return one.filter((region) => other.includes(region));
}

/** Whether something in these regions may have what must stay in those. What does not say where it is may not. */
export function isWithin(regions: readonly string[] | undefined, allowed: readonly string[] | null): boolean {
  if (allowed === null) return true;
  return regions !== undefined && regions.length > 0 && regions.every((region) => allowed.includes(region));
}
