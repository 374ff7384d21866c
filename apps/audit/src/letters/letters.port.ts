import type { LetterPage } from '@signalbox/bus';
import type { LetterFilter, LetterHead, LetterKey } from '@signalbox/contracts';

/** `core`: work and notes, with pseudonyms. `gate`: requests as they came; they last an hour. */
export const ZONES = ['core', 'gate'] as const;
export type Zone = (typeof ZONES)[number];

/** Where dead letters lie. Nothing is ever removed from there but by age. */
export abstract class LettersPort {
  /** Oldest first. */
  abstract list(tenant: string, zone: Zone, filter: LetterFilter): Promise<LetterPage>;
  /** With what is in it, cleaned and shortened; null where it cannot be read. NOT_FOUND when it is gone. */
  abstract show(tenant: string, zone: Zone, key: LetterKey): Promise<{ head: LetterHead; view: unknown }>;
  /** Gives it once more to whoever owns its queue. CONFLICT when nobody waits for it any more. */
  abstract replay(tenant: string, zone: Zone, key: LetterKey): Promise<void>;
}
