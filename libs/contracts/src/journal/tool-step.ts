import { Token } from '../ids.js';
import { Count } from '../units.js';

/** Which try of which call a fact is about; the engine takes one result of each, for ever. */
export const toolStep = { callId: Token, attempt: Count };
