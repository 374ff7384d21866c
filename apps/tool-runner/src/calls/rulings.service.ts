import { Inject, Injectable } from '@nestjs/common';
import type { DecisionRecord, ToolManifest, ToolWorkV1 } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { PolicyStore } from '@signalbox/policy-engine';
import { CallJournalPort } from './call-journal.port.js';
import { outsideRegions } from './outside-regions.js';
import { parsed } from './shortened.js';

export interface Ruling {
  decision: DecisionRecord;
  /** Absent when denied. */
  permitted?: { tool: ToolManifest; args: Record<string, unknown> };
}

/** Decides again, at the place of execution, on exactly these arguments. */
@Injectable()
export class RulingsService {
  constructor(
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(CallJournalPort) private readonly journal: CallJournalPort,
  ) {}

  /** No bundle in force: BUNDLE_MISSING. */
  async of(work: ToolWorkV1): Promise<Ruling> {
    const { agent, userId } = work;
    const policy = this.policies.forTenant(work.tenant);
    const invalid = (reason: string): Ruling => ({
      decision: { outcome: 'deny', kind: 'invalid', rules: [], reason, bundle: policy.bundle },
    });
    if (sha256Hex(work.arguments) !== work.argumentsHash)
      return invalid('The arguments are not those that were decided on.');
    const args = parsed(work.arguments);
    // A router of a release before labels says nothing of them; the journal does.
    const labels = work.labels ?? (await this.journal.labels(work));
    const decision = { ...policy.authorize({ agent, tool: work.tool, arguments: args, userId, labels }), labels };
    if (decision.outcome === 'deny') return { decision };
    if (decision.outcome === 'approve' && !(await this.journal.isApproved(work, decision.terms)))
      return { decision: { ...decision, outcome: 'deny', reason: 'Nobody who may has approved exactly this call.' } };
    const tool = policy.resolve(agent).tools.find(({ name }) => name === work.tool);
    if (tool?.effect !== work.effect || tool.tier !== work.tier)
      return invalid('The tool was changed since it was asked for.');
    const outside = outsideRegions(policy, work, tool);
    if (outside !== null) return { decision: outside };
    return { decision, permitted: { tool, args: args as Record<string, unknown> } };
  }
}
