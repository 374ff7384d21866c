export { type ApiRights, bucketRights, mergeRights, rights } from './api-rights.js';
export { Bucket } from './bucket.js';
export { Bus } from './bus.js';
export type { BusCapabilities } from './capabilities.js';
export { Journal } from './journal.js';
export { type ClaimResolver, decodeEntry } from './journal-codec.js';
export { KeyRing } from './key-ring.js';
export type { Letter, LetterPage } from './letters.js';
export type * from './types.js';
