import { Injectable } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import type { CompiledPolicy } from '@signalbox/policy-engine';
import { BundleIssuer } from '../bundles/bundle-issuer.service.js';
import { runTests, type TestResult } from '../tests/run-tests.js';
import type { ChangePlan } from './change-plan.js';
import { ChangeSets } from './change-sets.service.js';
import { type DraftJudgement, judgementOf } from './draft-view.js';
import { DraftsService } from './drafts.service.js';

/** Says what a draft would do, and does nothing. */
@Injectable()
export class DraftJudging {
  constructor(
    private readonly drafts: DraftsService,
    private readonly changeSets: ChangeSets,
    private readonly issuer: BundleIssuer,
  ) {}

  async judge(tenant: string, id: string): Promise<DraftJudgement> {
    const { plan } = await this.drafts.plan(tenant, id);
    const problems = await this.changeSets.problemsOf(plan);
    if (problems.length > 0) return judgementOf(plan, problems, []);
    return judgementOf(plan, problems, this.#tested(tenant, plan));
  }

  /** The policy that a draft would bring in force. REQUEST_INVALID where it could not be. */
  async compiled(tenant: string, id: string): Promise<{ draft: CompiledPolicy; inForce: CompiledPolicy }> {
    const { plan, standing } = await this.drafts.plan(tenant, id);
    const [problem] = await this.changeSets.problemsOf(plan);
    if (problem)
      throw new MeshError('REQUEST_INVALID', `${problem.kind}/${problem.id}: ${problem.message}; validate the draft.`);
    return {
      draft: this.issuer.compiled(tenant, plan.next),
      inForce: this.issuer.compiled(tenant, standing.policy),
    };
  }

  #tested(tenant: string, { next }: ChangePlan): TestResult[] {
    return runTests(this.issuer.compiled(tenant, next), next.tests, next.tools);
  }
}
