import { setImmediate as turn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import { BundleIssuer } from '../bundles/bundle-issuer.service.js';
import { CedarPoliciesService } from '../cedar/cedar-policies.service.js';
import { faultsOf, usersOf } from '../definitions/references.js';
import type { Definitions, IssuedBundle, TenantTransaction } from '../storage/policy.repository.js';
import { type ChangePlan, nameOf, type Standing, writeChanges } from './change-plan.js';
import { type Change, type DraftKind, isSingle } from './draft.js';

/** Something that keeps a draft from being published. */
export interface Problem {
  kind: DraftKind;
  id: string;
  message: string;
}

/** Problems named in one answer. */
const PROBLEMS_MAX = 100;
const PROBLEMS_TOLD = 8;

/** Judges and makes several changes as one. */
@Injectable()
export class ChangeSets {
  constructor(
    private readonly issuer: BundleIssuer,
    private readonly cedar: CedarPoliciesService,
  ) {}

  /** All that is wrong with the definitions once the changes are made, a hundred at most. Gives way to other work between them. */
  async problemsOf({ effective, next }: ChangePlan): Promise<Problem[]> {
    const problems: Problem[] = [];
    for (const change of effective) {
      await turn();
      const { kind, id } = change;
      for (const message of this.#faultsOf(change, next)) problems.push({ kind, id, message });
      if (problems.length >= PROBLEMS_MAX) break;
    }
    return problems.slice(0, PROBLEMS_MAX);
  }

  /**
   * Makes all changes of the plan and issues one bundle. CONFLICT with `conflicts`, REQUEST_INVALID with `problems`,
   * TESTS_FAILED with `failing`: then nothing is changed.
   */
  async make(
    transaction: TenantTransaction,
    plan: ChangePlan,
    standing: Standing,
    { title, author, despiteTests = false }: { title: string; author: string; despiteTests?: boolean },
  ): Promise<IssuedBundle> {
    assertUnchanged(plan);
    assertSound(await this.problemsOf(plan));
    await writeChanges(transaction, plan, standing);
    return this.issuer.issue(transaction, title, { author, isTested: !despiteTests });
  }

  #faultsOf({ kind, id, definition }: Change, next: ChangePlan['next']): string[] {
    if (isSingle(kind)) return [];
    if (definition === null) {
      const usedBy = usersOf(kind, id, next);
      return usedBy.length === 0 ? [] : [`is used by ${usedBy.slice(0, PROBLEMS_TOLD).join(', ')}`];
    }
    const known = definition as Definitions[typeof kind];
    const faults = faultsOf(kind, known, next).map(([field, text]) => `${field}: ${text}`);
    if (faults.length > 0) return faults;
    try {
      this.cedar.assertValid(kind, known, next);
      return [];
    } catch (error) {
      return [MeshError.from(error).message];
    }
  }
}

function assertUnchanged({ conflicts }: ChangePlan): void {
  if (conflicts.length === 0) return;
  const names = conflicts.slice(0, PROBLEMS_TOLD).map(nameOf).join(', ');
  const message = `${names} changed since the draft was written: look at them, then bring the draft up to date.`;
  throw new MeshError('CONFLICT', message, { details: { conflicts: conflicts.slice(0, PROBLEMS_MAX) } });
}

/** REQUEST_INVALID with the problems. */
export function assertSound(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const told = problems.slice(0, PROBLEMS_TOLD).map((problem) => `${nameOf(problem)}: ${problem.message}`);
  throw new MeshError('REQUEST_INVALID', told.join('; ').slice(0, 2_000), {
    details: { fields: problems.slice(0, PROBLEMS_TOLD).map(nameOf), problems },
  });
}
