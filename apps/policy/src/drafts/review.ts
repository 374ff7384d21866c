import { MeshError } from '@signalbox/kernel';
import type { Kind, TenantTransaction } from '../storage/policy.repository.js';
import { DRAFT_KINDS } from './draft.js';

/** REVIEW_REQUIRED where the tenant wants such changes made as reviewed drafts. Keys and halts are always changed at once. */
export async function assertDirect(transaction: TenantTransaction, kind: Kind | 'limits' | 'review'): Promise<void> {
  if (!DRAFT_KINDS.some((reviewed) => reviewed === kind)) return;
  const { definition } = await transaction.review();
  if (!definition.twoPersons) return;
  throw new MeshError(
    'REVIEW_REQUIRED',
    `This tenant lets nobody change ${kind} alone: make a draft, and have somebody else approve it.`,
  );
}
