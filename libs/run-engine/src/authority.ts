import type { ApprovalTerms, JournalBody } from '@signalbox/contracts';

/** A person who answers, with the right that is used: their own, or that of whom they speak for. */
export interface Speaker {
  userId: string;
  /** Whose right it is; null: their own. */
  onBehalfOf: string | null;
  /** Roles of whose right it is. */
  roles: readonly string[];
}

/** Somebody who agreed, and to which question. */
export interface Yes extends Speaker {
  questionId: string;
}

type Terms = Pick<ApprovalTerms, 'approvers' | 'roles' | 'and' | 'starter'>;

export const speakerOf = ({ principal, onBehalfOf, roles = [] }: JournalBody<'question.answered.v1'>): Speaker => ({
  userId: principal.userId,
  onBehalfOf: onBehalfOf ?? null,
  roles,
});

/** Whose right a person uses. */
export const rightOf = ({ userId, onBehalfOf }: Speaker): string => onBehalfOf ?? userId;

/** So many different people must agree. */
export const quorumOf = (terms: Pick<ApprovalTerms, 'quorum'> | undefined): number => terms?.quorum ?? 1;

/**
 * Whether the terms let this person answer for a run of `starterId`. Where nobody is named it is whoever started the run.
 * Elsewhere that one counts if named as a user or expressly let in, and never in the place of another.
 */
export function mayApprove(terms: Terms | undefined, starterId: string, speaker: Speaker): boolean {
  const { approvers, roles, and = [], starter } = terms ?? {};
  const right = rightOf(speaker);
  const isStarter = speaker.userId === starterId || right === starterId;
  if (isStarter && starter === false) return false;
  const groups = [{ approvers, roles }, ...and];
  const isNamed = groups.every((group) => group.approvers?.includes(right) === true);
  if (approvers === undefined && roles === undefined) return right === starterId;
  const isLet = groups.every(
    (group) =>
      group.approvers?.includes(right) === true || group.roles?.some((role) => speaker.roles.includes(role)) === true,
  );
  if (!isStarter || starter === true) return isLet;
  return isNamed && !(speaker.userId === starterId && right !== starterId);
}

/** Whether neither this person nor the right that is used has counted before. */
export function isFresh(given: readonly Speaker[], speaker: Speaker): boolean {
  return given.every((one) => one.userId !== speaker.userId && rightOf(one) !== rightOf(speaker));
}
