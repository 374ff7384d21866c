import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@signalbox/app-runtime';
import { type DecisionRecord, type KeyGrant, PRIORITIES, type RunRequestV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { type CompiledPolicy, isWithin } from '@signalbox/policy-engine';
import { PLANS_DO_NOT_FORK } from '@signalbox/run-engine';
import type { GuardConfig } from '../config.js';

/** Policy does not let a key start an agent. */
export class StartDenied extends MeshError {
  constructor(readonly decision: DecisionRecord) {
    super('AGENT_DENIED', decision.reason);
  }
}

/** Whether a key may start what it asks for: by its own grant, by policy, and by where the data would be. */
@Injectable()
export class StartRights {
  constructor(@Inject(CONFIG) private readonly config: Pick<GuardConfig, 'region'>) {}

  /**
   * What policy says of it; null: no policy is about starts, and the grant of the key holds alone. AGENT_UNKNOWN,
   * AGENT_DENIED, REGION_DENIED, PRIORITY_DENIED, or that agent or tenant are halted.
   */
  assert(policy: CompiledPolicy, grant: KeyGrant, request: RunRequestV1): DecisionRecord | null {
    const { agent, regions } = policy.place(request.agent, request.fork, request.regions);
    if (request.fork !== undefined && agent.plan !== undefined)
      throw new MeshError('REQUEST_INVALID', PLANS_DO_NOT_FORK);
    if (!policy.mayStart(grant, request.agent))
      throw new MeshError('AGENT_DENIED', `The key may not start ${request.agent}.`);
    const decision = decideStart(policy, grant, request);
    if (decision !== null && decision.outcome !== 'permit') throw new StartDenied(decision);
    policy.assertRunning(request.agent);
    assertPriority(grant, request);
    this.#assertStored(regions);
    return decision;
  }

  /** Journals, sessions and archive lie where the mesh is; one that does not say where must not have what may not be anywhere. */
  #assertStored(regions: readonly string[] | null): void {
    const { region } = this.config;
    if (isWithin(region === undefined ? undefined : [region], regions)) return;
    const where = region === undefined ? 'does not say where it keeps its data' : `keeps its data in ${region}`;
    throw new MeshError(
      'REGION_DENIED',
      `What this run carries may only be in ${regions?.join(', ')}; this mesh ${where}.`,
    );
  }
}

/** What policy says of a key that starts an agent; null: no policy is about that. */
export function decideStart(
  policy: CompiledPolicy,
  { id: key, userId, roles = [] }: KeyGrant,
  { agent, priority = 'normal', regions }: Pick<RunRequestV1, 'agent' | 'priority' | 'regions'>,
): DecisionRecord | null {
  return policy.access.decide({ action: 'start', user: { userId, roles }, agent, key, priority, regions });
}

/** Who may ask for more than others says the key. */
function assertPriority({ priorityMax = 'normal' }: KeyGrant, { priority = 'normal' }: RunRequestV1): void {
  if (PRIORITIES.indexOf(priority) <= PRIORITIES.indexOf(priorityMax)) return;
  throw new MeshError('PRIORITY_DENIED', `The key may ask for priority ${priorityMax} at most, not ${priority}.`);
}
