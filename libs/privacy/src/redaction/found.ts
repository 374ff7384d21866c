import type { PiiClass, Redactions } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { readableValue } from '../pseudonyms/canonical-value.js';
import { tokenFor } from '../pseudonyms/token.js';
import type { Ruleset } from '../ruleset.js';

/** One value that was replaced, as it was first met. */
export interface Found {
  token: string;
  class: PiiClass;
  value: string;
}

export interface RedactOptions {
  ruleset: Ruleset;
  /** 32 bytes, see `tenantPseudonymKey`. */
  tenantKey: Uint8Array;
  /**
   * Look-alikes of tokens never keep their meaning. Those of renderings (`[EMAIL_1]`) lose it too, but for a model's
   * answer, where they are how the model speaks: `'keep-renderings'` leaves them to `Rendering.unrender`.
   */
  lookalikes?: 'neutralise' | 'keep-renderings';
  /** What stands before the text without being part of it, as a cue: a label, the name of a field. */
  context?: string;
}

/** Different values of one text; each costs an HMAC, and whoever redacts serves others too. */
export const FOUND_VALUES_MAX = 25_000;

/** Stands for a key or password. There is no way back. */
export const SECRET_MASK = '[[SECRET]]';

/** Values found, each token once, in order of first appearance. */
export class FoundValues {
  private readonly byToken = new Map<string, Found>();
  /** Spares a second HMAC for the same spelling. */
  private readonly bySpelling = new Map<string, string>();

  /** Secrets taken out for good: nobody keeps their values. */
  masked = 0;

  constructor(private readonly tenantKey: Uint8Array) {}

  /** Notes the value and returns what stands for it: its token or, for a secret, the same mask for all. */
  add(piiClass: PiiClass, raw: string): string {
    if (piiClass === 'SECRET') {
      this.masked += 1;
      return SECRET_MASK;
    }
    const spelling = `${piiClass}:${raw}`;
    const known = this.bySpelling.get(spelling);
    if (known !== undefined) return known;
    if (this.bySpelling.size >= FOUND_VALUES_MAX) {
      throw new MeshError('PAYLOAD_TOO_LARGE', `A text holds more than ${FOUND_VALUES_MAX} personal values.`);
    }
    const token = tokenFor(this.tenantKey, piiClass, raw);
    this.bySpelling.set(spelling, token);
    if (!this.byToken.has(token)) this.byToken.set(token, { token, class: piiClass, value: readableValue(raw) });
    return token;
  }

  get size(): number {
    return this.byToken.size;
  }

  list(): Found[] {
    return [...this.byToken.values()];
  }
}

/** How many values of each class were taken out, masked secrets among them. */
export function countFound(found: readonly Found[], masked: number): Redactions {
  const counts: Redactions = {};
  for (const item of found) counts[item.class] = (counts[item.class] ?? 0) + 1;
  if (masked > 0) counts.SECRET = masked;
  return counts;
}
