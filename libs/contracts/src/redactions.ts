import { z } from 'zod';
import { Count } from './units.js';

export const PII_CLASSES = ['EMAIL', 'PHONE', 'CARD', 'IBAN', 'PERSON'] as const;
export const PiiClass = z.enum(PII_CLASSES);
export type PiiClass = z.infer<typeof PiiClass>;

/** How many values of each class were replaced. */
export const Redactions = z.partialRecord(PiiClass, Count);
export type Redactions = z.infer<typeof Redactions>;
