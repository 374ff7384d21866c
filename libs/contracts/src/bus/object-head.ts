import { z } from 'zod';
import { Count } from '../units.js';

/** The head of an object in its store, in the layout that other NATS clients read too. */
export const ObjectHead = z.object({
  bucket: z.string(),
  name: z.string(),
  /** Names the chunks of this version of the object. */
  nuid: z.string().regex(/^[A-Za-z0-9]{1,64}$/, 'must be letters and digits'),
  size: Count,
  chunks: Count,
  /** `SHA-256=` and the hash of the content, base64url. */
  digest: z.string(),
  mtime: z.iso.datetime(),
});
export type ObjectHead = z.infer<typeof ObjectHead>;
