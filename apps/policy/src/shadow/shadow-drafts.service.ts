import { Injectable } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import { BundleDelivery } from '../bundles/bundle-delivery.service.js';
import { BundleIssuer } from '../bundles/bundle-issuer.service.js';
import { planOf, standingOf } from '../drafts/change-plan.js';
import { assertSound, ChangeSets } from '../drafts/change-sets.service.js';
import type { Draft } from '../drafts/draft.js';
import { ChangeNotes } from '../drafts/notes.port.js';
import { PolicyRepository, type TenantTransaction } from '../storage/policy.repository.js';

/** Lets a draft be evaluated beside what is in force: one at a time, each a bundle that decides as the one before. */
@Injectable()
export class ShadowDrafts {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly changeSets: ChangeSets,
    private readonly issuer: BundleIssuer,
    private readonly delivery: BundleDelivery,
    private readonly notes: ChangeNotes,
  ) {}

  /** CONFLICT while another draft is in shadow; REQUEST_INVALID with `problems` where it could not be in force. */
  begin(tenant: string, id: string, by: string): Promise<Draft> {
    return this.#turn(tenant, id, by, 'shadow', async (transaction, draft) => {
      const other = await transaction.shadowDraft();
      if (other) throw new MeshError('CONFLICT', `drafts/${other.id} is in shadow; take it out first.`);
      assertSound(await this.changeSets.problemsOf(planOf(await standingOf(transaction), draft.changes)));
    });
  }

  end(tenant: string, id: string, by: string): Promise<Draft> {
    return this.#turn(tenant, id, by, 'open', async (_transaction, draft) => {
      if (draft.state !== 'shadow') throw new MeshError('CONFLICT', `drafts/${id} is not in shadow.`);
    });
  }

  async #turn(
    tenant: string,
    id: string,
    by: string,
    state: 'shadow' | 'open',
    check: (transaction: TenantTransaction, draft: Draft) => Promise<void>,
  ): Promise<Draft> {
    const turned = await this.repository.change(tenant, async (transaction) => {
      const draft = await transaction.draft(id);
      if (!draft) throw new MeshError('NOT_FOUND', `There is no drafts/${id}.`);
      if (draft.state !== 'open' && draft.state !== 'shadow')
        throw new MeshError('CONFLICT', `drafts/${id} is ${draft.state}.`);
      await check(transaction, draft);
      const next = { ...draft, state, revision: draft.revision + 1, updatedAt: new Date() };
      await transaction.putDraft(next);
      const title = state === 'shadow' ? `draft ${id} in shadow` : `draft ${id} out of shadow`;
      await this.issuer.issue(transaction, title, { author: by });
      return next;
    });
    this.notes.tell(tenant, 'policy-shadow', { draft: id, by, state });
    await this.delivery.deliverSoon(tenant);
    return turned;
  }
}
