import { Sha256Hex } from '../ids.js';

/** In every request from people and systems: SHA-256 (hex) of the caller's bearer key. The key itself does not travel. */
export const caller = { keyDigest: Sha256Hex };
