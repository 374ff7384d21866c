import { Injectable } from '@nestjs/common';
import { PrincipalsPort } from '@signalbox/access';
import type { AdminPrincipal, UserStanding } from '@signalbox/contracts';
import { storedDigest } from '@signalbox/policy-engine';
import { AdminKeysPort } from '../admin-keys/admin-keys.port.js';
import { UsersPort } from '../users/users.port.js';

/** Callers as this service keeps them, looked up anew for every call: what is revoked opens nothing any more. */
@Injectable()
export class StoredPrincipals extends PrincipalsPort {
  constructor(
    private readonly keys: AdminKeysPort,
    private readonly users: UsersPort,
  ) {
    super();
  }

  override key(digest: string): Promise<AdminPrincipal | null> {
    return this.keys.principal(storedDigest(digest));
  }

  override async user(id: string): Promise<UserStanding | null> {
    const user = await this.users.get(id);
    return user && { disabled: user.disabled, grants: user.grants };
  }
}
