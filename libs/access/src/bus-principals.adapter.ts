import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import {
  type AdminPrincipal,
  type CallerAskV1,
  type CallerV1,
  subjects,
  type UserStanding,
} from '@signalbox/contracts';
import { PrincipalsPort } from './principals.port.js';

const TIMEOUT_MS = 3_000;

/** Asks the policy service, each time anew: what is revoked there is revoked here at once. */
@Injectable()
export class BusPrincipalsAdapter extends PrincipalsPort {
  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override async key(digest: string): Promise<AdminPrincipal | null> {
    return (await this.#ask({ kind: 'key', digest })).key;
  }

  override async user(id: string): Promise<UserStanding | null> {
    return (await this.#ask({ kind: 'user', id })).user;
  }

  #ask(question: CallerAskV1): Promise<CallerV1> {
    return this.bus.request('caller', subjects.svc('policy', 'caller', 'mesh'), question, { timeoutMs: TIMEOUT_MS });
  }
}
