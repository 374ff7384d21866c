import { z } from 'zod';
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
] as const;
export const PiiClass = z.enum(PII_CLASSES);
export type PiiClass = z.infer<typeof PiiClass>;

/** How many values of each class were replaced. */
export const Redactions = z.partialRecord(PiiClass, Count);
export type Redactions = z.infer<typeof Redactions>;
