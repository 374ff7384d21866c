import {
  type DataClass,
  type Finding,
  FINDINGS_MAX,
  type RedactionAction,
  type Redactions,
} from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { readableValue } from '../pseudonyms/canonical-value.js';
import { hashFor, maskOf, tokenFor } from '../pseudonyms/token.js';
import type { Ruleset } from '../ruleset.js';

/** One value that was replaced by its token, as it was first met. */
export interface Found {
  token: string;
  class: DataClass;
  value: string;
}

/** Something that must not come in; never the value. */
export interface Blocked {
  class: DataClass;
  recogniser: string;
  /** Absent: the default of the class. */
  rule?: string;
  /** `[start, end)` in UTF-16 characters of the text; absent inside JSON or base64 in it. */
  at?: readonly [start: number, end: number];
}

/** What became of the values of a text. */
export interface Cleaned {
  /** Values that a token stands for, each once. */
  found: Found[];
  /** Stretches that are gone for good, by class: masked, hashed, removed, blocked. */
  masked: Redactions;
  /** What fired, by class, recogniser and rule. */
  findings: Finding[];
  /** What a rule does not let in, at most `BLOCKED_MAX`; a mask stands in its place. */
  blocked: Blocked[];
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
export const BLOCKED_MAX = 16;

/** Stands for a key or password. There is no way back. */
export const SECRET_MASK = maskOf('SECRET');

/** One stretch of a text. */
export interface Stretch {
  class: DataClass;
  by: string;
  raw: string;
  at?: readonly [start: number, end: number];
}

/** What no recogniser can read, as a stretch of its class. */
export const unscanned = (raw: string): Stretch => ({ class: 'UNSCANNED', by: 'unscanned', raw });

/** Values found, each token once, in order of first appearance. */
export class FoundValues {
  private readonly byToken = new Map<string, Found>();
  /** Spares a second HMAC for the same spelling. */
  private readonly bySpelling = new Map<string, string>();
  private readonly fired = new Map<string, Finding>();
  private readonly masked: Redactions = {};
  private readonly blocked: Blocked[] = [];

  constructor(private readonly options: Pick<RedactOptions, 'tenantKey' | 'ruleset'>) {}

  /** Notes the value and returns what stands for it. */
  add(stretch: Stretch): string {
    const { class: dataClass, by, raw, at } = stretch;
    const { action, rule } = this.options.ruleset.actionOf(dataClass);
    if (action === 'allow') return raw;
    this.note(stretch, action, rule);
    if (action === 'pseudonymise') return this.known('', stretch, () => this.tokenOf(dataClass, raw));
    this.masked[dataClass] = (this.masked[dataClass] ?? 0) + 1;
    if (action === 'block' && this.blocked.length < BLOCKED_MAX) {
      this.blocked.push({ class: dataClass, recogniser: by, ...(rule ? { rule } : {}), ...(at ? { at } : {}) });
    }
    if (action === 'hash') return this.known('#', stretch, () => hashFor(this.options.tenantKey, dataClass, raw));
    return action === 'remove' ? '' : maskOf(dataClass);
  }

  get size(): number {
    return this.byToken.size;
  }

  list(): Found[] {
    return [...this.byToken.values()];
  }

  cleaned(): Cleaned {
    const findings = [...this.fired.values()];
    return { found: this.list(), masked: { ...this.masked }, findings, blocked: [...this.blocked] };
  }

  private tokenOf(dataClass: DataClass, raw: string): string {
    const token = tokenFor(this.options.tenantKey, dataClass, raw);
    if (!this.byToken.has(token)) this.byToken.set(token, { token, class: dataClass, value: readableValue(raw) });
    return token;
  }

  private known(kind: string, { class: dataClass, raw }: Stretch, make: () => string): string {
    const spelling = `${kind}${dataClass}:${raw}`;
    const known = this.bySpelling.get(spelling);
    if (known !== undefined) return known;
    if (this.bySpelling.size >= FOUND_VALUES_MAX) {
      throw new MeshError('PAYLOAD_TOO_LARGE', `A text holds more than ${FOUND_VALUES_MAX} personal values.`);
    }
    const made = make();
    this.bySpelling.set(spelling, made);
    return made;
  }

  private note({ class: dataClass, by }: Stretch, action: RedactionAction, rule: string | undefined): void {
    const key = `${dataClass} ${by}`;
    const known = this.fired.get(key);
    if (known) known.count += 1;
    else this.fired.set(key, { class: dataClass, recogniser: by, action, ...(rule ? { rule } : {}), count: 1 });
  }
}

/** What became of several texts, as of one. */
export function joinCleaned(parts: readonly Cleaned[]): Cleaned {
  const found = new Map<string, Found>();
  const masked: Redactions = {};
  const fired = new Map<string, Finding>();
  for (const part of parts) {
    for (const item of part.found) if (!found.has(item.token)) found.set(item.token, item);
    for (const [name, count] of Object.entries(part.masked) as [DataClass, number][])
      masked[name] = (masked[name] ?? 0) + count;
    for (const finding of part.findings) {
      const key = `${finding.class} ${finding.recogniser} ${finding.action}`;
      fired.set(key, { ...finding, count: (fired.get(key)?.count ?? 0) + finding.count });
    }
  }
  const blocked = parts.flatMap((part) => part.blocked).slice(0, BLOCKED_MAX);
  return { found: [...found.values()], masked, findings: [...fired.values()], blocked };
}

/** How many values of each class were taken out: different ones where tokens stand for them, else stretches. */
export function countFound({ found, masked }: Pick<Cleaned, 'found' | 'masked'>): Redactions {
  const counts: Redactions = { ...masked };
  for (const item of found) counts[item.class] = (counts[item.class] ?? 0) + 1;
  return counts;
}

/** As a journal has them: absent where nothing fired. */
export function findingsOf({ findings }: Pick<Cleaned, 'findings'>): { findings?: Finding[] } {
  return findings.length === 0 ? {} : { findings: findings.slice(0, FINDINGS_MAX) };
}

/** CONTENT_BLOCKED with class and place of what may not come in, in the words of `what`; never with a value. */
export function assertNotBlocked({ blocked }: Pick<Cleaned, 'blocked'>, what: string): void {
  const [first] = blocked;
  if (first === undefined) return;
  const place = first.at ? `at characters ${first.at[0] + 1} to ${first.at[1]}` : 'inside JSON or base64';
  const more = blocked.length > 1 ? `, and ${blocked.length - 1} more` : '';
  const by = first.rule === undefined ? 'as it is by default' : `by the redaction rule ${first.rule}`;
  throw new MeshError(
    'CONTENT_BLOCKED',
    `${what} holds ${first.class} ${place}${more} (recogniser ${first.recogniser}); it is refused ${by}.`,
    { details: { class: first.class, recogniser: first.recogniser, ...(first.at ? { at: [...first.at] } : {}) } },
  );
}
