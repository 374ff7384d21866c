import { z } from 'zod';
import { TenantId, Token } from '../ids.js';
import { Count, Millis } from '../units.js';

/** Names a dead letter: its place in the stream, and a print of what lies there, since a new stream counts anew. */
export const LetterKey = z.object({
  seq: Count,
  print: z.string().regex(/^[0-9a-z]{8}$/, 'must be the print of a letter'),
});
export type LetterKey = z.infer<typeof LetterKey>;

/** What is known of a dead letter without looking into it. */
export const LetterHead = LetterKey.extend({
  tenant: TenantId,
  /** The stream and the durable that gave it up, and where it lay there. */
  stream: Token,
  consumer: Token,
  streamSeq: Count,
  /** The subject it was sent to, if that is one. */
  subject: z.string().max(500),
  code: z.string().max(64),
  reason: z.string().max(500),
  deliveries: Count,
  /** When it was put aside; null: not known. */
  at: Millis.nullable(),
  bytes: Count,
  /** It was too large to be kept: only this head is left. */
  cut: z.boolean(),
});
export type LetterHead = z.infer<typeof LetterHead>;

/** Which letters are wanted, oldest first. */
export const LetterFilter = z.object({
  /** Only letters behind this sequence. */
  after: Count,
  limit: z.number().int().min(1).max(200),
  stream: Token.optional(),
  consumer: Token.optional(),
  code: z.string().max(64).optional(),
});
export type LetterFilter = z.infer<typeof LetterFilter>;
