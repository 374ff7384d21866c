import { z } from 'zod';
import { Sha256Hex, Token } from '../ids.js';
import { Priority } from '../priority.js';
import { Millis } from '../units.js';
import { Scope } from './scope.js';

/** What a bearer key stands for. */
export const KeyGrant = z.object({
  id: Token,
  /** SHA-256 (hex) of the SHA-256 (hex) of the key: what travels cannot be made from what is stored. */
  digest: Sha256Hex,
  /** The key before it was rotated, which works until then too. */
  previous: z.object({ digest: Sha256Hex, until: Millis }).optional(),
  userId: Token,
  agents: Scope,
  /** What the user is in the tenant: approvals and policies may ask for a role. Absent: none. */
  roles: z.array(Token).max(16).optional(),
  /** The highest priority that it may ask for; absent: normal. */
  priorityMax: Priority.optional(),
  /** Absent: until it is taken back. */
  expiresAt: Millis.optional(),
});
export type KeyGrant = z.infer<typeof KeyGrant>;
