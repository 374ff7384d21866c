import type { PiiClass } from '@signalbox/contracts';
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
