import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { canonicalJson, MeshError, newId, sha256Hex } from '@signalbox/kernel';
import { storedDigest } from '@signalbox/policy-engine';
import type { KeyGrant } from '@signalbox/contracts';
import type { z } from 'zod';
import type { Precondition } from '../admin/http.js';
import { BundleDelivery } from '../bundles/bundle-delivery.service.js';
import { BundleIssuer } from '../bundles/bundle-issuer.service.js';
import { callerId } from '../drafts/caller-id.js';
import { assertDirect } from '../drafts/review.js';
import {
  type Definitions,
  type Kind,
  type Page,
  PolicyRepository,
  type Stored,
  type TenantPolicy,
  type TenantTransaction,
} from '../storage/policy.repository.js';
import { CedarPoliciesService } from '../cedar/cedar-policies.service.js';
import type { KeyChange, NewKey } from './definition-kinds.js';
import { assertSound, assertUnused } from './references.js';

const KEY_BYTES = 32;

/** What became of a change. */
export interface Changed<K extends Kind> {
  stored: Stored<K>;
  created: boolean;
  /** The bundle version that carries it; null when nothing had to change. */
  version: number | null;
  /** Whether that bundle is in the bucket by now; if not, it will be. */
  delivered: boolean;
}

/** Definitions of tenants. Every change issues a bundle in its own transaction and delivers it after the commit. */
@Injectable()
export class DefinitionsService {
  constructor(
    private readonly repository: PolicyRepository,
    private readonly issuer: BundleIssuer,
    private readonly delivery: BundleDelivery,
    private readonly cedar: CedarPoliciesService,
  ) {}

  async list<K extends Kind>(tenant: string, kind: K, page: Page): Promise<Stored<K>[]> {
    await this.#assertTenant(tenant);
    return this.repository.list(tenant, kind, page);
  }

  async get<K extends Kind>(tenant: string, kind: K, id: string): Promise<Stored<K>> {
    const stored = await this.repository.get(tenant, kind, id);
    if (stored) return stored;
    await this.#assertTenant(tenant);
    throw notFound(kind, id);
  }

  /** Makes or replaces a definition. What is there already may only be replaced by who knows its revision. */
  put<K extends Exclude<Kind, 'keys'>>(
    tenant: string,
    kind: K,
    id: string,
    definition: Definitions[K],
    precondition: Precondition,
  ): Promise<Changed<K>> {
    return this.#change(tenant, async (transaction) => {
      const before = await transaction.get(kind, id);
      if (before && canonicalJson(before.definition) === canonicalJson(definition))
        return { stored: before, created: false };
      assertPrecondition(kind, id, before, precondition);
      return this.#save(transaction, kind, id, definition, before === null);
    });
  }

  /** Changes who a key is for and what it may start. The key itself stays. */
  putKey(
    tenant: string,
    id: string,
    change: z.infer<typeof KeyChange>,
    precondition: Precondition,
  ): Promise<Changed<'keys'>> {
    return this.#change(tenant, async (transaction) => {
      const before = await transaction.get('keys', id);
      if (!before) throw notFound('keys', id);
      assertPrecondition('keys', id, before, precondition);
      return this.#save(transaction, 'keys', id, { ...secretOf(before.definition), ...change }, false);
    });
  }

  /** Makes a key. Its text is in the answer and nowhere else. */
  async createKey(
    tenant: string,
    { id = newId('key'), ...grant }: z.infer<typeof NewKey>,
  ): Promise<Changed<'keys'> & { secret: string }> {
    const secret = newSecret(tenant);
    const changed = await this.#change(tenant, async (transaction) => {
      if (await transaction.get('keys', id)) throw new MeshError('CONFLICT', `The key ${id} exists already.`);
      return this.#save(transaction, 'keys', id, { id, digest: storedDigest(sha256Hex(secret)), ...grant }, true);
    });
    return { ...changed, secret };
  }

  /** Gives a key a new text; the old one works for `overlapMs` more, and what names the key goes on as it was. */
  async rotateKey(
    tenant: string,
    id: string,
    overlapMs: number,
    precondition: Precondition,
  ): Promise<Changed<'keys'> & { secret: string }> {
    const secret = newSecret(tenant);
    const changed = await this.#change(tenant, async (transaction) => {
      const before = await transaction.get('keys', id);
      if (!before) throw notFound('keys', id);
      assertPrecondition('keys', id, before, { ifMatch: '*', ...precondition });
      const previous = { digest: before.definition.digest, until: Date.now() + overlapMs };
      const digest = storedDigest(sha256Hex(secret));
      return this.#save(transaction, 'keys', id, { ...before.definition, digest, previous }, false);
    });
    return { ...changed, secret };
  }

  /** Removes a definition that nothing names any more. */
  async remove(
    tenant: string,
    kind: Kind,
    id: string,
    precondition: Precondition,
  ): Promise<Pick<Changed<Kind>, 'version' | 'delivered'>> {
    const version = await this.repository.change(tenant, async (transaction) => {
      const before = await transaction.get(kind, id);
      if (!before) throw notFound(kind, id);
      assertPrecondition(kind, id, before, precondition);
      await assertDirect(transaction, kind);
      assertUnused(kind, id, await transaction.policy());
      await transaction.remove(kind, id);
      return (await this.issuer.issue(transaction, `${kind}/${id} removed`, optionsOf(kind))).version;
    });
    return { version, delivered: await this.delivery.deliverSoon(tenant) };
  }

  /** Refuses what could not be put as things are; changes nothing. */
  assertFit<K extends Kind>(tenant: string, kind: K, definition: Definitions[K]): Promise<void> {
    return this.repository.change(tenant, async (transaction) =>
      this.#assertFit(kind, definition, await transaction.policy()),
    );
  }

  #assertFit<K extends Kind>(kind: K, definition: Definitions[K], policy: TenantPolicy): void {
    assertSound(kind, definition, policy);
    this.cedar.assertValid(kind, definition, policy);
  }

  async #save<K extends Kind>(
    transaction: TenantTransaction,
    kind: K,
    id: string,
    definition: Definitions[K],
    created: boolean,
  ) {
    await assertDirect(transaction, kind);
    this.#assertFit(kind, definition, await transaction.policy());
    await transaction.put(kind, id, definition, transaction.version + 1);
    const change = `${kind}/${id} ${created ? 'created' : 'changed'}`;
    const { version } = await this.issuer.issue(transaction, change, optionsOf(kind));
    const stored: Stored<K> = { id, definition, revision: version, updatedAt: new Date() };
    return { stored, created, version };
  }

  async #change<K extends Kind>(
    tenant: string,
    work: (transaction: TenantTransaction) => Promise<{ stored: Stored<K>; created: boolean; version?: number }>,
  ): Promise<Changed<K>> {
    const { version, ...rest } = await this.repository.change(tenant, work);
    if (version === undefined) return { ...rest, version: null, delivered: true };
    return { ...rest, version, delivered: await this.delivery.deliverSoon(tenant) };
  }

  async #assertTenant(tenant: string): Promise<void> {
    if (!(await this.repository.hasTenant(tenant))) throw new MeshError('NOT_FOUND', `There is no tenant ${tenant}.`);
  }
}

const newSecret = (tenant: string): string => `sb_${tenant}_${randomBytes(KEY_BYTES).toString('base64url')}`;

/** What stays of a key when what is said of it changes. */
function secretOf({ id, digest, previous }: KeyGrant): Pick<KeyGrant, 'id' | 'digest' | 'previous'> {
  return { id, digest, ...(previous ? { previous } : {}) };
}

/** Keys and halts decide no call, and a halt must not wait for a test. */
const optionsOf = (kind: Kind): { author: string; isTested: boolean } => ({
  author: callerId(),
  isTested: kind !== 'keys' && kind !== 'halts',
});

function notFound(kind: Kind, id: string): MeshError {
  return new MeshError('NOT_FOUND', `There is no ${kind}/${id}.`);
}

/** Tells the present `revision`, so that nobody overwrites what they have not seen. */
export function assertPrecondition(
  kind: string,
  id: string,
  before: { revision: number } | null,
  { ifMatch, ifNoneMatch }: Precondition,
): void {
  const refuse = (code: 'PRECONDITION_FAILED' | 'PRECONDITION_REQUIRED', message: string): MeshError =>
    new MeshError(code, `${kind}/${id} ${message}`, { details: { revision: before?.revision ?? null } });
  if (!before) {
    if (ifMatch !== undefined) throw refuse('PRECONDITION_FAILED', 'does not exist any more.');
    return;
  }
  if (ifNoneMatch) throw refuse('PRECONDITION_FAILED', 'exists already.');
  if (ifMatch === undefined) throw refuse('PRECONDITION_REQUIRED', 'exists; send If-Match with its ETag, or `*`.');
  if (ifMatch !== '*' && ifMatch !== before.revision)
    throw refuse('PRECONDITION_FAILED', 'changed meanwhile; read it again.');
}
