import { Injectable } from '@nestjs/common';
import { mayIn } from '@signalbox/access';
import type { AdminPrincipal } from '@signalbox/contracts';
import { MeshError, newId } from '@signalbox/kernel';
import type { Precondition } from '../admin/http.js';
import { BundleDelivery } from '../bundles/bundle-delivery.service.js';
import { CedarPoliciesService } from '../cedar/cedar-policies.service.js';
import { assertPrecondition } from '../definitions/definitions.service.js';
import { PolicyRepository, type TenantTransaction } from '../storage/policy.repository.js';
import { type ChangeInput, definitionOf, DRAFT_CHANGES_MAX } from './change-input.js';
import { type ChangePlan, nameOf, planOf, seenNow, type Standing, standingOf } from './change-plan.js';
import { ChangeSets } from './change-sets.service.js';
import { approversOf, type Change, digestOf, type Draft, type DraftState, isOpen, isSingle } from './draft.js';
import { ChangeNotes } from './notes.port.js';

/** Drafts of a tenant that are open at once. */
const OPEN_MAX = 100;
const LISTED_MAX = 200;

/** What a publish came to. */
export interface Published {
  draft: Draft;
  /** Null: the draft made no difference. */
  version: number | null;
  delivered: boolean;
}

/** Changes in the making: written, judged, approved, published as one bundle or discarded. */
@Injectable()
export class DraftsService {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly changeSets: ChangeSets,
    private readonly cedar: CedarPoliciesService,
    private readonly delivery: BundleDelivery,
    private readonly notes: ChangeNotes,
  ) {}

  /** The newest, ended ones among them. */
  async list(tenant: string): Promise<Draft[]> {
    if (!(await this.repository.hasTenant(tenant))) throw new MeshError('NOT_FOUND', `There is no tenant ${tenant}.`);
    return this.repository.drafts(tenant, LISTED_MAX);
  }

  async get(tenant: string, id: string): Promise<Draft> {
    const draft = await this.repository.draft(tenant, id);
    if (draft) return draft;
    throw unknown(id);
  }

  create(
    tenant: string,
    { id = newId('draft'), title }: { id?: string | undefined; title: string },
    inputs: readonly ChangeInput[],
    author: string,
  ): Promise<Draft> {
    return this.repository.change(tenant, async (transaction) => {
      if (await transaction.draft(id)) throw new MeshError('CONFLICT', `drafts/${id} exists already.`);
      if ((await transaction.openDrafts()) >= OPEN_MAX)
        throw new MeshError('CONFLICT', `There are ${OPEN_MAX} open drafts; publish or discard some.`);
      await transaction.forgetDrafts();
      const now = new Date();
      const empty: Draft = {
        id,
        title,
        state: 'open',
        authors: [author],
        baseVersion: transaction.version,
        changes: [],
        approvals: [],
        revision: 0,
        publishedVersion: null,
        createdAt: now,
        updatedAt: now,
      };
      return this.#write(transaction, empty, { changes: await this.#merged(transaction, empty, inputs) });
    });
  }

  /** Adds changes, or replaces those of the same definitions. Approvals were of other changes, and count no more. */
  edit(tenant: string, id: string, inputs: readonly ChangeInput[], author: string): Promise<Draft> {
    return this.#with(tenant, id, async (transaction, draft) => {
      assertAside(draft);
      return this.#write(transaction, draft, {
        changes: await this.#merged(transaction, draft, inputs),
        authors: [...new Set([...draft.authors, author])],
      });
    });
  }

  /** Takes what is there now for seen: what others changed meanwhile will be overwritten. */
  rebase(tenant: string, id: string, author: string): Promise<Draft> {
    return this.#with(tenant, id, async (transaction, draft) =>
      this.#write(transaction, draft, {
        changes: seenNow(draft.changes, await standingOf(transaction)),
        baseVersion: transaction.version,
        authors: [...new Set([...draft.authors, author])],
      }),
    );
  }

  /** What the draft would come to now. */
  async plan(tenant: string, id: string): Promise<{ draft: Draft; plan: ChangePlan; standing: Standing }> {
    return this.repository.change(tenant, async (transaction) => {
      const draft = await transaction.draft(id);
      if (!draft) throw unknown(id);
      const standing = await standingOf(transaction);
      return { draft, standing, plan: planOf(standing, draft.changes) };
    });
  }

  /** Says that the changes that were seen may be made. APPROVER_DENIED to those who wrote them. */
  approve(tenant: string, id: string, by: string, seen: Precondition): Promise<Draft> {
    return this.#with(tenant, id, async (transaction, draft) => {
      assertPrecondition('drafts', id, draft, seen);
      if (draft.authors.includes(by))
        throw new MeshError('APPROVER_DENIED', `${by} wrote this draft; somebody else must approve it.`);
      const digest = digestOf(draft);
      const others = draft.approvals.filter((approval) => approval.by !== by);
      const approvals = [...others, { by, at: new Date().toISOString(), digest }];
      const approved = await this.#write(transaction, draft, { approvals });
      await transaction.record({ action: 'approved', resource: `drafts/${id}`, before: null, after: { digest } });
      this.notes.tell(tenant, 'policy-draft-approved', { draft: id, by, digest });
      return approved;
    });
  }

  async publish(tenant: string, id: string, caller: AdminPrincipal, despiteTests = false): Promise<Published> {
    const by = caller.id;
    const published = await this.#with(tenant, id, async (transaction, draft) => {
      const standing = await standingOf(transaction);
      const plan = planOf(standing, draft.changes);
      if (plan.effective.length === 0) {
        const ended = await this.#write(transaction, draft, { state: 'published', publishedVersion: null });
        return { draft: ended, version: null };
      }
      assertMay(caller, tenant, plan);
      assertReviewed(draft, standing);
      const author = draft.authors.includes(by) ? by : `${draft.authors[0]}, published by ${by}`;
      const title = `draft ${id}: ${draft.title}`;
      // Before the bundle is issued, so that it is in shadow no more.
      const ended = await this.#write(transaction, draft, {
        state: 'published',
        publishedVersion: transaction.version + 1,
      });
      const { version } = await this.changeSets.make(transaction, plan, standing, { title, author, despiteTests });
      const after = { title: draft.title, version, approvedBy: approversOf(draft) };
      await transaction.record({ action: 'published', resource: `drafts/${id}`, before: null, after });
      return { draft: ended, version };
    });
    const { draft, version } = published;
    if (version === null) return { draft, version, delivered: true };
    const approvedBy = approversOf(draft).join(', ');
    this.notes.tell(tenant, 'policy-published', { draft: id, version, by, approvedBy, changes: draft.changes.length });
    return { draft, version, delivered: await this.delivery.deliverSoon(tenant) };
  }

  discard(tenant: string, id: string): Promise<Draft> {
    return this.#with(tenant, id, (transaction, draft) => {
      assertAside(draft);
      return this.#write(transaction, draft, { state: 'discarded' });
    });
  }

  async #merged(transaction: TenantTransaction, draft: Draft, inputs: readonly ChangeInput[]): Promise<Change[]> {
    if (inputs.length === 0) return draft.changes;
    const changes = new Map(draft.changes.map((change) => [nameOf(change), change]));
    const { rows } = await standingOf(transaction);
    for (const input of inputs) {
      const definition = definitionOf(input, this.cedar);
      const { kind, id } = input;
      const name = nameOf(input);
      if (definition === undefined) changes.delete(name);
      else changes.set(name, { kind, id, definition, seenRevision: rows.get(name)?.revision ?? null });
    }
    if (changes.size > DRAFT_CHANGES_MAX)
      throw new MeshError('PAYLOAD_TOO_LARGE', `A draft holds ${DRAFT_CHANGES_MAX} changes at most.`);
    return [...changes.values()];
  }

  #with<T>(tenant: string, id: string, work: (transaction: TenantTransaction, draft: Draft) => Promise<T>): Promise<T> {
    return this.repository.change(tenant, async (transaction) => {
      const draft = await transaction.draft(id);
      if (!draft) throw unknown(id);
      if (!isOpen(draft)) throw new MeshError('CONFLICT', `drafts/${id} is ${draft.state}.`);
      return work(transaction, draft);
    });
  }

  async #write(
    transaction: TenantTransaction,
    draft: Draft,
    change: Partial<Draft> & { state?: DraftState },
  ): Promise<Draft> {
    const next = { ...draft, ...change, revision: draft.revision + 1, updatedAt: new Date() };
    await transaction.putDraft(next);
    return next;
  }
}

/** Bundles carry a draft in shadow as it is. */
function assertAside({ id, state }: Draft): void {
  if (state === 'shadow') throw new MeshError('CONFLICT', `drafts/${id} is in shadow; take it out first.`);
}

/** What takes an admin to change alone takes one in a draft too. */
function assertMay(caller: AdminPrincipal, tenant: string, { effective }: ChangePlan): void {
  const own = effective.find(({ kind }) => isSingle(kind));
  if (own === undefined || mayIn(caller, 'admin', tenant)) return;
  throw new MeshError('ROLE_DENIED', `A change of ${own.kind} takes the role admin in this tenant.`, {
    details: { role: 'admin' },
  });
}

function assertReviewed(draft: Draft, { review }: Standing): void {
  if (!review.definition.twoPersons || approversOf(draft).length > 0) return;
  throw new MeshError('REVIEW_REQUIRED', `drafts/${draft.id} needs the approval of somebody beside its authors.`);
}

const unknown = (id: string): MeshError => new MeshError('NOT_FOUND', `There is no drafts/${id}.`);
