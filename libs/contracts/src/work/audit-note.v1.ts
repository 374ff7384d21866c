import { z } from 'zod';
import { Token } from '../ids.js';
import { Millis } from '../units.js';

/** Something worth keeping that belongs to no run: dead letters, refused messages, bundles, self-tests. */
export const AuditNoteV1 = z.object({
  kind: Token,
  service: Token,
  /** Free of payloads; counts, codes and ids only. */
  facts: z.record(z.string(), z.union([z.string().max(500), z.number(), z.boolean(), z.null()])),
  at: Millis,
});
export type AuditNoteV1 = z.infer<typeof AuditNoteV1>;
