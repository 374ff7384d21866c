import type { PiiClass } from '@signalbox/contracts';
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

/** Values found, each token once, in order of first appearance. */
export class FoundValues {
  private readonly byToken = new Map<string, Found>();
  /** Spares a second HMAC for the same spelling. */
  private readonly bySpelling = new Map<string, string>();

  constructor(private readonly tenantKey: Uint8Array) {}

  /** Notes the value and returns its token. */
  add(piiClass: PiiClass, raw: string): string {
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
