import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ADMIN_KEY_PREFIX, mayGive } from '@signalbox/access';
import type { AdminPrincipal } from '@signalbox/contracts';
import { MeshError, newId, sha256Hex } from '@signalbox/kernel';
import { storedDigest } from '@signalbox/policy-engine';
import type { Precondition } from '../admin/http.js';
import { assertPrecondition } from '../definitions/definitions.service.js';
import { PolicyRepository, type Page } from '../storage/policy.repository.js';
import { type AdminKey, type AdminKeyBody, KEY_LIFE_MS, KEY_LIFE_MS_MAX, namedTenants } from './admin-key.js';
import { AdminKeysPort } from './admin-keys.port.js';

const SECRET_BYTES = 32;
const ADMIN_KEYS_MAX = 1_000;

/** Keys of services and people that call the admin APIs. Whoever sees or gives one is admin of all it opens. */
@Injectable()
export class AdminKeysService {
  constructor(
    private readonly keys: AdminKeysPort,
    private readonly repository: PolicyRepository,
  ) {}

  /** Those that the caller may see, and where to go on; a page may have fewer than asked for. */
  async list(caller: AdminPrincipal, { after, limit }: Page): Promise<{ items: AdminKey[]; next: string | null }> {
    const seen: AdminKey[] = [];
    for (let from = after; ;) {
      const found = await this.keys.list({ after: from, limit: ADMIN_KEYS_MAX });
      seen.push(...found.filter(({ grants }) => mayGive(caller, grants)));
      const last = found.at(-1);
      if (seen.length > limit || !last || found.length < ADMIN_KEYS_MAX) break;
      from = last.id;
    }
    const items = seen.slice(0, limit);
    return { items, next: seen.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async get(caller: AdminPrincipal, id: string): Promise<AdminKey> {
    return seenBy(caller, id, await this.keys.get(id));
  }

  /** Makes a key. Its text is in the answer and nowhere else. */
  async create(caller: AdminPrincipal, body: AdminKeyBody): Promise<{ key: AdminKey; secret: string }> {
    await this.#assertGivable(caller, body);
    if ((await this.keys.count()) >= ADMIN_KEYS_MAX)
      throw new MeshError('CONFLICT', `There are ${ADMIN_KEYS_MAX} admin keys; remove one first.`);
    const { name, grants } = body;
    const secret = newSecret();
    const key: AdminKey = {
      id: newId('akey'),
      name,
      grants,
      createdBy: caller.id,
      createdAt: new Date(),
      expiresAt: expiryOf(body.expiresAt ?? Date.now() + KEY_LIFE_MS),
      lastUsedAt: null,
      previousUntil: null,
      revision: 1,
    };
    await this.keys.change(key.id, () => ({ key, digest: secret.digest, action: 'created' }));
    return { key, secret: secret.text };
  }

  async put(caller: AdminPrincipal, id: string, body: AdminKeyBody, precondition: Precondition): Promise<AdminKey> {
    await this.#assertGivable(caller, body);
    const changed = await this.keys.change(id, (found) => {
      const before = seenBy(caller, id, found);
      assertPrecondition('admin-keys', id, before, precondition);
      const expiresAt = body.expiresAt === undefined ? before.expiresAt : expiryOf(body.expiresAt);
      const key = { ...before, name: body.name, grants: body.grants, expiresAt, revision: before.revision + 1 };
      return { key, action: 'changed' };
    });
    return changed!;
  }

  /** Gives the key a new text; the old one works for `overlapMs` more. */
  async rotate(
    caller: AdminPrincipal,
    id: string,
    overlapMs: number,
    precondition: Precondition,
  ): Promise<{ key: AdminKey; secret: string }> {
    const secret = newSecret();
    const key = await this.keys.change(id, (found) => {
      const before = seenBy(caller, id, found);
      assertPrecondition('admin-keys', id, before, { ifMatch: '*', ...precondition });
      const previousUntil = new Date(Date.now() + overlapMs);
      return {
        key: { ...before, previousUntil, revision: before.revision + 1 },
        digest: secret.digest,
        action: 'rotated',
      };
    });
    return { key: key!, secret: secret.text };
  }

  /** It opens nothing from now on. */
  async remove(caller: AdminPrincipal, id: string, precondition: Precondition): Promise<void> {
    await this.keys.change(id, (found) => {
      assertPrecondition('admin-keys', id, seenBy(caller, id, found), precondition);
      return { key: null, action: 'removed' };
    });
  }

  async #assertGivable(caller: AdminPrincipal, { grants }: AdminKeyBody): Promise<void> {
    if (!mayGive(caller, grants))
      throw new MeshError('ROLE_DENIED', 'A key may grant no more than its maker has as admin.', {
        details: { role: 'admin' },
      });
    for (const tenant of namedTenants(grants)) {
      if (!(await this.repository.hasTenant(tenant)))
        throw new MeshError('REQUEST_INVALID', `grants: there is no tenant ${tenant}`, {
          details: { fields: ['grants'] },
        });
    }
  }
}

/** NOT_FOUND too for one that opens what the caller is not admin of. */
function seenBy(caller: AdminPrincipal, id: string, key: AdminKey | null): AdminKey {
  if (key && mayGive(caller, key.grants)) return key;
  throw new MeshError('NOT_FOUND', `There is no admin-keys/${id}.`);
}

function newSecret(): { text: string; digest: string } {
  const text = ADMIN_KEY_PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
  return { text, digest: storedDigest(sha256Hex(text)) };
}

function expiryOf(at: number): Date {
  const now = Date.now();
  if (at > now && at <= now + KEY_LIFE_MS_MAX) return new Date(at);
  throw new MeshError('REQUEST_INVALID', 'expiresAt: must be ahead, by at most 366 days', {
    details: { fields: ['expiresAt'] },
  });
}
