import { Inject, Injectable } from '@nestjs/common';
import { userIdOf } from '@signalbox/access';
import { CONFIG } from '@signalbox/app-runtime';
import { MeshError } from '@signalbox/kernel';
import type { Precondition } from '../admin/http.js';
import type { PolicyConfig } from '../config.js';
import { assertPrecondition } from '../definitions/definitions.service.js';
import type { Page } from '../storage/policy.repository.js';
import type { NewUser, User, UserChange } from './user.js';
import { UsersPort } from './users.port.js';

const USERS_MAX = 10_000;

/** What is said of users beside what their tokens claim: roles of their own, or that nothing is granted any more. */
@Injectable()
export class UsersService {
  constructor(
    private readonly users: UsersPort,
    @Inject(CONFIG) private readonly config: PolicyConfig,
  ) {}

  list(page: Page): Promise<User[]> {
    return this.users.list(page);
  }

  async get(id: string): Promise<User> {
    return known(id, await this.users.get(id));
  }

  async create({ subject, issuer = this.config.oidcIssuer, ...said }: NewUser): Promise<User> {
    if (issuer === undefined)
      throw new MeshError('REQUEST_INVALID', 'issuer: is needed, since the configuration names none', {
        details: { fields: ['issuer'] },
      });
    if ((await this.users.count()) >= USERS_MAX)
      throw new MeshError('CONFLICT', `There are ${USERS_MAX} users; remove one first.`);
    const id = userIdOf(issuer, subject);
    const made = await this.users.change(id, (before) => {
      if (before) throw new MeshError('CONFLICT', `The user exists already, as ${id}.`);
      return { user: { id, issuer, subject, ...fieldsOf(said), revision: 1 }, action: 'created' };
    });
    return made!;
  }

  async put(id: string, said: UserChange, precondition: Precondition): Promise<User> {
    const changed = await this.users.change(id, (found) => {
      const before = known(id, found);
      assertPrecondition('users', id, before, precondition);
      return { user: { ...before, ...fieldsOf(said), revision: before.revision + 1 }, action: 'changed' };
    });
    return changed!;
  }

  /** Forgets what was said; what the issuer's roles grant stays. To shut somebody out, disable them. */
  async remove(id: string, precondition: Precondition): Promise<void> {
    await this.users.change(id, (found) => {
      assertPrecondition('users', id, known(id, found), precondition);
      return { user: null, action: 'removed' };
    });
  }
}

const fieldsOf = ({
  email,
  grants,
  disabled,
}: UserChange): Pick<User, 'email' | 'grants' | 'disabled' | 'updatedAt'> => ({
  email: email ?? null,
  grants,
  disabled,
  updatedAt: new Date(),
});

function known(id: string, user: User | null): User {
  if (user) return user;
  throw new MeshError('NOT_FOUND', `There is no users/${id}.`);
}
