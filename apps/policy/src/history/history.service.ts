import { Injectable } from '@nestjs/common';
import { type AdminPrincipal, PolicyBundleV1 } from '@signalbox/contracts';
import { MeshError, validate } from '@signalbox/kernel';
import { changesTo, planOf, standingOf } from '../drafts/change-plan.js';
import { DraftsService, type Published } from '../drafts/drafts.service.js';
import type { ChangeInput } from '../drafts/change-input.js';
import { ChangeNotes } from '../drafts/notes.port.js';
import { type BundleEvent, type IssuedBundle, PolicyRepository } from '../storage/policy.repository.js';
import { type BundleChange, compareBundles } from './compare-bundles.js';

export interface HistoryPage {
  items: BundleEvent[];
  /** What to send as `before` for more; null when that was all. */
  next: number | null;
}

/** What a way back came to: published, or a draft that waits for a second person. */
export type RolledBack = Published | { draft: Published['draft']; version: null; delivered: false };

/** Past bundles of a tenant, the newest hundred, and the way back to one. */
@Injectable()
export class HistoryService {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly drafts: DraftsService,
    private readonly notes: ChangeNotes,
  ) {}

  async list(tenant: string, before: number, limit: number): Promise<HistoryPage> {
    if (!(await this.repository.hasTenant(tenant))) throw new MeshError('NOT_FOUND', `There is no tenant ${tenant}.`);
    const found = await this.repository.bundles(tenant, before, limit + 1);
    const items = found.slice(0, limit);
    return { items, next: found.length > limit ? (items.at(-1)?.version ?? null) : null };
  }

  async bundle(tenant: string, version: number): Promise<IssuedBundle> {
    const found = await this.repository.bundle(tenant, version);
    if (found) return found;
    throw new MeshError('NOT_FOUND', `Version ${version} of tenant ${tenant} is not kept.`);
  }

  /** What changed from one version to another. */
  async diff(tenant: string, from: number, to: number): Promise<BundleChange[]> {
    const [before, after] = await Promise.all([this.bundle(tenant, from), this.bundle(tenant, to)]);
    return compareBundles(contentOf(before), contentOf(after));
  }

  /**
   * Brings the definitions of an earlier version back in force, as a new version: enforcement points never go back. Keys,
   * halts and tests stay as they are. Where changes take two persons it ends as a draft that waits for the other.
   */
  async rollback(tenant: string, version: number, caller: AdminPrincipal, despiteTests: boolean): Promise<RolledBack> {
    const by = caller.id;
    const wanted = contentOf(await this.bundle(tenant, version));
    const { inputs, review } = await this.repository.change(tenant, async (transaction) => {
      const standing = await standingOf(transaction);
      return { inputs: inputsOf(wanted, standing), review: standing.review.definition };
    });
    const draft = await this.drafts.create(tenant, { title: `roll back to version ${version}` }, inputs, by);
    if (review.twoPersons && inputs.length > 0) return { draft, version: null, delivered: false };
    try {
      const published = await this.drafts.publish(tenant, draft.id, caller, despiteTests);
      this.notes.tell(tenant, 'policy-rolled-back', { to: version, version: published.version, by });
      return published;
    } catch (error) {
      await this.drafts.discard(tenant, draft.id);
      throw error;
    }
  }
}

export function contentOf({ signed }: IssuedBundle): PolicyBundleV1 {
  return validate(PolicyBundleV1, JSON.parse(signed.payload), 'INTERNAL');
}

function inputsOf(wanted: PolicyBundleV1, standing: Awaited<ReturnType<typeof standingOf>>): ChangeInput[] {
  const { effective } = planOf(standing, changesTo(wanted, standing));
  return effective.map(({ kind, id, definition }) =>
    definition === null ? { kind, id, op: 'delete' } : { kind, id, op: 'put', definition: authored(definition) },
  );
}

/** A policy is written anew from its text. */
function authored(definition: object): Record<string, unknown> {
  const { json: _json, ...rest } = definition as Record<string, unknown>;
  return rest;
}
