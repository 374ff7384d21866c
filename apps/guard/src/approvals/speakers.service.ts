import { Inject, Injectable } from '@nestjs/common';
import type { KeyGrant } from '@signalbox/contracts';
import { PolicyStore } from '@signalbox/policy-engine';
import { isFresh, mayApprove, type Speaker } from '@signalbox/run-engine';
import type { AskedApproval } from '../runs/run-journal.port.js';

/** With which right somebody may answer an approval: their own, or one that was delegated to them. */
export interface Right extends Speaker {
  delegation?: string;
}

/** Finds out in whose name a caller may answer, by the policy in force. */
@Injectable()
export class SpeakersService {
  constructor(@Inject(PolicyStore) private readonly policies: PolicyStore) {}

  /** Null: they may not. One that has not agreed yet comes before one that has. */
  rightOf(tenant: string, grant: KeyGrant, starterId: string, asked: AskedApproval): Right | null {
    const policy = this.policies.forTenant(tenant);
    const { userId } = grant;
    const nowMs = Date.now();
    const own: Right = { userId, onBehalfOf: null, roles: grant.roles ?? [] };
    const delegated = policy.governance
      .delegationsTo(userId, asked.tool, nowMs)
      .map(({ id, from }): Right => ({ userId, onBehalfOf: from, roles: policy.rolesOf(from, nowMs), delegation: id }));
    const rights = [own, ...delegated].filter((right) => mayApprove(asked.terms, starterId, right));
    return rights.find((right) => isFresh(asked.yes, right)) ?? rights[0] ?? null;
  }
}
