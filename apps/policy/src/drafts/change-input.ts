import { TenantLimits, Token } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { z } from 'zod';
import type { CedarPoliciesService } from '../cedar/cedar-policies.service.js';
import { definitionFrom } from '../definitions/definition-kinds.js';
import { strictInput } from '../definitions/strict-input.js';
import { DRAFT_KINDS, type DraftDefinition, type DraftKind, isSingle, SINGLE_ID } from './draft.js';

/** Changes that a draft may hold. */
export const DRAFT_CHANGES_MAX = 2_000;

export const ReviewSettings = z.object({
  /** What drafts may hold is only published as a draft that somebody beside its authors approved. */
  twoPersons: z.boolean(),
});

/** A change as it is sent: `put` with the definition, `delete`, or `drop` to take it out of the draft again. */
export const ChangeInput = z.strictObject({
  kind: z.enum(DRAFT_KINDS),
  /** Of `limits` and `review`: `tenant`. */
  id: Token,
  op: z.enum(['put', 'delete', 'drop']).default('put'),
  definition: z.record(z.string(), z.unknown()).optional(),
});
export type ChangeInput = z.infer<typeof ChangeInput>;
export const ChangesInput = z.strictObject({ changes: z.array(ChangeInput).min(1).max(DRAFT_CHANGES_MAX) });
export const NewDraft = z.strictObject({
  id: Token.optional(),
  title: z.string().min(1).max(200),
  changes: z.array(ChangeInput).max(DRAFT_CHANGES_MAX).default([]),
});

/** What a sent change asks for; undefined: that it be dropped. REQUEST_INVALID names it. */
export function definitionOf(
  { kind, id, op, definition }: ChangeInput,
  cedar: CedarPoliciesService,
): DraftDefinition | null | undefined {
  if (isSingle(kind) && id !== SINGLE_ID) throw invalid(kind, id, `the id of ${kind} is ${SINGLE_ID}`);
  if ((op === 'put') !== (definition !== undefined))
    throw invalid(kind, id, 'a put has a definition, a delete or drop none');
  if (op === 'drop') return undefined;
  if (op === 'delete') return null;
  try {
    return read(kind, id, definition, cedar);
  } catch (error) {
    if (error instanceof MeshError && error.code === 'REQUEST_INVALID') throw invalid(kind, id, error.message);
    throw error;
  }
}

function read(kind: DraftKind, id: string, definition: unknown, cedar: CedarPoliciesService): DraftDefinition {
  if (kind === 'limits') return strictInput(TenantLimits, definition);
  if (kind === 'review') return strictInput(ReviewSettings, definition);
  return kind === 'policies' ? cedar.author(id, definition) : definitionFrom(kind, id, definition);
}

function invalid(kind: DraftKind, id: string, message: string): MeshError {
  const field = `${kind}/${id}`;
  const text = message.startsWith(field) ? message : `${field}: ${message}`;
  return new MeshError('REQUEST_INVALID', text.slice(0, 2_000), { details: { fields: [field] } });
}
