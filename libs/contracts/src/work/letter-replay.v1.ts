import type { z } from 'zod';
import { LetterKey } from './letter-head.js';

/** Send this dead letter of CORE again. Its bytes are read from the stream by whoever owns the queue, so none travel here. */
export const LetterReplayV1 = LetterKey;
export type LetterReplayV1 = z.infer<typeof LetterReplayV1>;
