import { Injectable } from '@nestjs/common';
import { BundleIssuer } from '../bundles/bundle-issuer.service.js';
import type { TenantPolicy } from '../storage/policy.repository.js';
import { type Judge, judgeOf } from '../tests/judge.js';
import { runTests, type TestResult } from '../tests/run-tests.js';
import type { ChangePlan } from './change-plan.js';
import { assertSound, ChangeSets } from './change-sets.service.js';
import { type DraftJudgement, judgementOf } from './draft-view.js';
import { DraftsService } from './drafts.service.js';

/** How calls are decided by a draft, and by what is in force. */
export interface Judges {
  draft: Judge;
  inForce: Judge;
}

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

  /** Decides calls as a draft would have it, and as it is now; halts left out. REQUEST_INVALID where it could not be in force. */
  async judges(tenant: string, id: string): Promise<Judges> {
    const { plan, standing } = await this.drafts.plan(tenant, id);
    assertSound(await this.changeSets.problemsOf(plan));
    const by = (policy: TenantPolicy): Judge =>
      judgeOf(this.issuer.compiled(tenant, { ...policy, halts: [] }), policy.tools);
    return { draft: by(plan.next), inForce: by(standing.policy) };
  }

  #tested(tenant: string, { next }: ChangePlan): TestResult[] {
    return runTests(this.issuer.compiled(tenant, next), next.tests, next.tools);
  }
}
