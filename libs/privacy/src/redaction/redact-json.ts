import { fold } from '../fold/fold.js';
import { LOOKBEHIND_CHARS } from '../recogniser.js';
import { scan } from '../scan.js';
import { mapEncoded } from './encoded.js';
import { type Cleaned, FoundValues, type RedactOptions, type Stretch, unscanned } from './found.js';
import { JSON_LIMITS, JsonWalk, parseContainer, type JsonLimits } from './json-walk.js';
import { redactInto } from './redact-text.js';
import type { Ruleset } from '../ruleset.js';
import { withContext } from './replace-spans.js';

export interface RedactJsonOptions extends RedactOptions {
  limits?: Partial<JsonLimits>;
}

/** JSON inside a string is opened this many levels deep: the body of an answer that quotes another has three. */
const NESTED_MAX = 4;
/** The same of base64. */
const ENCODED_MAX = 2;
/** A text inside JSON is prose from so many characters on, if it has words in a row. */
const PROSE_CHARS_MIN = 24;
const PROSE = /(?:\p{L}{2,} ){3}\p{L}/u;
/** No phone has fewer digits. */
const NUMBER_MIN = 1_000_000;

/**
 * Redacts any JSON value, a plain string included: strings, keys, and whole numbers that are a card or phone (they
 * become strings). The nearest key is a cue. JSON text and base64 inside strings are opened and closed again.
 * Errors: PAYLOAD_TOO_DEEP, PAYLOAD_TOO_LARGE, REQUEST_INVALID for what is not JSON.
 */
export function redactJson(value: unknown, options: RedactJsonOptions): Cleaned & { value: unknown } {
  const redactor = new JsonRedactor(options, typeof value === 'string');
  const clean = redactor.walk.copy(value, options.context ?? '');
  return { value: clean, ...redactor.found.cleaned() };
}

/** Where a value stands in a part of the text says nothing to whoever has the whole. */
class PartValues extends FoundValues {
  isWhole = false;

  override add({ at, ...stretch }: Stretch): string {
    return super.add(this.isWhole && at ? { ...stretch, at } : stretch);
  }
}

class JsonRedactor {
  readonly found: PartValues;
  readonly walk: JsonWalk;
  /** How deep in JSON text and in base64 the walk is at the moment. */
  private nested = 0;
  private encoded = 0;

  constructor(
    private readonly options: RedactJsonOptions,
    private readonly isText: boolean,
  ) {
    this.found = new PartValues(options);
    this.walk = new JsonWalk(
      {
        string: (text, key, depth) => this.string(text, key, depth),
        key: (text) => this.field(text, ''),
        number: (number, key) => this.number(number, key),
      },
      { ...JSON_LIMITS, ...options.limits },
    );
  }

  private string(text: string, key: string, depth: number): string {
    const container = parseContainer(text);
    const inner = this.nested < NESTED_MAX ? container : undefined;
    if (inner) {
      this.nested += 1;
      const before = JSON.stringify(inner);
      const after = JSON.stringify(this.walk.copy(inner, key, depth));
      this.nested -= 1;
      if (after !== before) return after;
      // Duplicate keys and long numbers do not survive parsing, so the text itself is read as well.
    }
    const isPart = depth > 0 || key !== '' || this.encoded > 0;
    return container || (isPart && !isProse(text))
      ? this.field(text, key)
      : this.plain(text, key, this.options.ruleset);
  }

  /** What is no prose is read for values and cues alone: a word in it means something to a program. */
  private field(text: string, key: string): string {
    return this.plain(text, key, this.options.ruleset.fields ?? this.options.ruleset);
  }

  private plain(text: string, key: string, ruleset: Ruleset): string {
    const opened = this.openEncoded(text, key);
    this.found.isWhole = this.isText && this.nested === 0 && this.encoded === 0;
    return redactInto(opened, { ...this.options, ruleset, context: cueOf(key) }, this.found);
  }

  private openEncoded(text: string, key: string): string {
    if (this.encoded >= ENCODED_MAX) return text;
    this.encoded += 1;
    const opened = mapEncoded(text, {
      text: (decoded) => this.string(decoded, key, 0),
      binary: (run) => this.found.add(unscanned(run)),
    });
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
    return isWhole && span.class !== 'LOOKALIKE' && span.class !== 'PLAIN'
      ? this.found.add({ class: span.class, by: span.by, raw: digits.text })
      : value;
  }
}

/** Sentences rather than a name, a path or a row of words. */
function isProse(text: string): boolean {
  return text.length >= PROSE_CHARS_MIN && PROSE.test(text);
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
