import { type DataClass, DataClass as Class, type RedactionAction } from '@signalbox/contracts';
import { parseToken, TOKEN_PATTERN } from '../pseudonyms/token.js';
import { detect } from '../redaction/redact-text.js';
import type { Ruleset } from '../ruleset.js';

/** Where another ruleset would treat a text otherwise. `[start, end)` in UTF-16 characters of the text as it was kept. */
export interface RulesetDifference {
  /** `new`: only the other finds it; `gone`: only the present one does; `changed`: both, and do something else with it. */
  change: 'new' | 'gone' | 'changed';
  class: DataClass;
  start: number;
  end: number;
  before: RedactionAction;
  after: RedactionAction;
}

/**
 * Compares on a text that was cleaned before. Its tokens say what was found then, so what the other would not find can only
 * be told by class; what it finds anew it finds in what was left.
 */
export function compareRulesets(text: string, present: Ruleset, other: Ruleset): RulesetDifference[] {
  const tokens = Array.from(text.matchAll(TOKEN_PATTERN), ({ 0: token, index: start }) => ({
    name: Class.safeParse(parseToken(token)?.class),
    start,
    end: start + token.length,
  }));
  const kept = tokens.flatMap(({ name, start, end }): RulesetDifference[] => {
    if (!name.success) return [];
    const [before, after] = [present.actionOf(name.data).action, actionOf(other, name.data)];
    if (before === after) return [];
    return [{ change: after === 'allow' ? 'gone' : 'changed', class: name.data, start, end, before, after }];
  });
  const known = new Set(detect(text, present).map(({ class: name, start, end }) => `${name} ${start} ${end}`));
  const fresh = detect(text, other).flatMap(({ class: name, start, end }): RulesetDifference[] => {
    const after = other.actionOf(name).action;
    if (after === 'allow' || known.has(`${name} ${start} ${end}`)) return [];
    return [{ change: 'new', class: name, start, end, before: 'allow', after }];
  });
  return [...kept, ...fresh].toSorted((a, b) => a.start - b.start);
}

/** A class of the tenant's that the ruleset does not have is let through. */
function actionOf(ruleset: Ruleset, name: DataClass): RedactionAction {
  const isOwn = name.startsWith('X_');
  const isThere = ruleset.tiers.flat().some((one) => one.class === name);
  return isOwn && !isThere ? 'allow' : ruleset.actionOf(name).action;
}
