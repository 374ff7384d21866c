import { fold } from '../fold/fold.js';
import { LOOKBEHIND_CHARS } from '../recogniser.js';
import { scan } from '../scan.js';
import { mapEncoded } from './encoded.js';
import { FoundValues, type Found, type RedactOptions } from './found.js';
import { JSON_LIMITS, JsonWalk, parseContainer, type JsonLimits } from './json-walk.js';
import { redactInto } from './redact-text.js';
import { withContext } from './replace-spans.js';

export interface RedactJsonOptions extends RedactOptions {
  limits?: Partial<JsonLimits>;
}

/** JSON inside a string, and base64, are opened this many levels deep. */
const NESTED_MAX = 2;
const ENCODED_MAX = 1;
/** No phone has fewer digits. */
const NUMBER_MIN = 1_000_000;

/**
 * Redacts any JSON value, a plain string included: strings, keys, and whole numbers that are a card or phone (they
 * become strings). The nearest key is a cue. JSON text and base64 inside strings are opened and closed again.
 * Errors: PAYLOAD_TOO_DEEP, PAYLOAD_TOO_LARGE, REQUEST_INVALID for what is not JSON.
 */
export function redactJson(value: unknown, options: RedactJsonOptions): { value: unknown; found: Found[] } {
  const redactor = new JsonRedactor(options);
  return { value: redactor.walk.copy(value, options.context ?? ''), found: redactor.found.list() };
}

class JsonRedactor {
  readonly found: FoundValues;
  readonly walk: JsonWalk;
  /** How deep in JSON text and in base64 the walk is at the moment. */
  private nested = 0;
  private encoded = 0;

  constructor(private readonly options: RedactJsonOptions) {
    this.found = new FoundValues(options.tenantKey);
    this.walk = new JsonWalk(
      {
        string: (text, key, depth) => this.string(text, key, depth),
        key: (text) => this.plain(text, ''),
        number: (number, key) => this.number(number, key),
      },
      { ...JSON_LIMITS, ...options.limits },
    );
  }

  private string(text: string, key: string, depth: number): string {
    const inner = this.nested < NESTED_MAX ? parseContainer(text) : undefined;
    if (inner) {
      this.nested += 1;
      const before = JSON.stringify(inner);
      const after = JSON.stringify(this.walk.copy(inner, key, depth));
      this.nested -= 1;
      if (after !== before) return after;
      // Duplicate keys and long numbers do not survive parsing, so the text itself is read as well.
    }
    return this.plain(text, key);
  }

  private plain(text: string, key: string): string {
    return redactInto(this.openEncoded(text, key), { ...this.options, context: cueOf(key) }, this.found);
  }

  private openEncoded(text: string, key: string): string {
    if (this.encoded >= ENCODED_MAX) return text;
    this.encoded += 1;
    const opened = mapEncoded(text, (decoded) => this.string(decoded, key, 0));
    this.encoded -= 1;
    return opened;
  }

  private number(value: number, key: string): number | string {
    if (!Number.isInteger(value) || value < NUMBER_MIN || value > 1e20) return value;
    const before = fold(cueOf(key).slice(-LOOKBEHIND_CHARS));
    const digits = fold(String(value));
    const text = withContext(before, digits);
    const [span] = scan(text, this.options.ruleset, before.text.length);
    const isWhole = span?.start === before.text.length && span.end === text.text.length;
    return isWhole && span.class !== 'LOOKALIKE' ? this.found.add(span.class, digits.text) : value;
  }
}

/** `workPhone` and `work_phone` speak as "work phone: ". */
function cueOf(key: string): string {
  if (key === '') return '';
  const words = key
    .slice(-LOOKBEHIND_CHARS)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_\-.]+/g, ' ');
  return `${words}: `;
}
