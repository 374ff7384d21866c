import { z } from 'zod';
import { Token } from './ids.js';
import { Count } from './units.js';

/** What personal data is told apart into; which recogniser finds which is in docs/concepts/recognisers.md. */
export const PII_CLASSES = [
  'EMAIL',
  'PHONE',
  'CARD',
  'IBAN',
  'PERSON',
  'NATIONAL_ID',
  'DOCUMENT_ID',
  'BANK_ID',
  'CRYPTO',
  'VIN',
  'IP',
  'MAC',
  'URL',
  'USERNAME',
  'BIRTH_DATE',
  'AGE',
  'ADDRESS',
  'PLACE',
  'ORGANIZATION',
  'DATE',
  'NATIONALITY',
  'TITLE',
  /** Keys and passwords: masked for good, never a pseudonym. */
  'SECRET',
  /** Pictures, sound, files: nobody can say what they hold, so they are kept out, never a pseudonym. */
  'UNSCANNED',
] as const;
export const PiiClass = z.enum(PII_CLASSES);
export type PiiClass = z.infer<typeof PiiClass>;

/** A class that a tenant defines by a pattern of its own. */
export const TENANT_CLASS = /^X_[A-Z0-9_]{1,22}$/;
export const TenantClass = z
  .string()
  .regex(TENANT_CLASS, 'must be X_ and 1–22 of A–Z 0–9 _') as unknown as z.ZodType<`X_${string}`>;
/** One of ours, or a tenant's own. */
export const DataClass = z.union([PiiClass, TenantClass]);
export type DataClass = z.infer<typeof DataClass>;

/** How many values of each class were replaced. */
export const Redactions = z.partialRecord(DataClass, Count);
export type Redactions = z.infer<typeof Redactions>;

/** What is done with a value: see docs/concepts/privacy.md. */
export const REDACTION_ACTIONS = ['pseudonymise', 'mask', 'hash', 'remove', 'block', 'allow'] as const;
export const RedactionAction = z.enum(REDACTION_ACTIONS);
export type RedactionAction = z.infer<typeof RedactionAction>;

/** What fired where something was found; never the value. */
export const Finding = z.object({
  class: DataClass,
  /** The recogniser that found it; of a tenant's own pattern `pattern-<id>`. */
  recogniser: z.string().max(80),
  action: RedactionAction,
  /** The tenant's rule that decided the action; absent: the default of the class. */
  rule: Token.optional(),
  /** Stretches of text. */
  count: Count,
});
export type Finding = z.infer<typeof Finding>;

/** Of one entry; what does not fit is left out, the counts in `redactions` are whole. */
export const FINDINGS_MAX = 64;
export const Findings = z.array(Finding).max(FINDINGS_MAX);
