import { randomBytes } from 'node:crypto';
import { parseToken, TOKEN_PATTERN } from '../pseudonyms/token.js';
import type { Ruleset } from '../ruleset.js';
import { mapJsonStrings } from './json-walk.js';
import { redactJson } from './redact-json.js';

/** What a person looking into a message is shown of it. */
const VIEW = { textChars: 240, items: 20, fields: 64, depth: 8 } as const;

/**
 * A JSON value for the eyes of an operator: what the ruleset finds is only named (`[EMAIL]`), and long texts, long lists
 * and deep nesting are cut. PAYLOAD_TOO_DEEP, PAYLOAD_TOO_LARGE as in `redactJson`.
 */
export function safeView(value: unknown, ruleset: Ruleset): unknown {
  // A key of the moment: nobody can compare what is shown with what is kept elsewhere.
  const { value: clean } = redactJson(value, { ruleset, tenantKey: randomBytes(32) });
  const named = mapJsonStrings(clean, (text) =>
    text.replaceAll(TOKEN_PATTERN, (token) => `[${parseToken(token)?.class ?? 'VALUE'}]`),
  );
  return shorten(named, 0);
}

function shorten(value: unknown, depth: number): unknown {
  if (typeof value === 'string')
    return value.length <= VIEW.textChars
      ? value
      : `${value.slice(0, VIEW.textChars)}… (${value.length} characters in all)`;
  if (value === null || typeof value !== 'object') return value;
  if (depth >= VIEW.depth) return '…';
  if (Array.isArray(value)) {
    const shown = value.slice(0, VIEW.items).map((item) => shorten(item, depth + 1));
    return value.length > VIEW.items ? [...shown, `… (${value.length} items in all)`] : shown;
  }
  const fields = Object.entries(value);
  const shown = fields
    .slice(0, VIEW.fields)
    .map(([name, item]) => [shorten(name, depth) as string, shorten(item, depth + 1)]);
  if (fields.length > VIEW.fields) shown.push(['…', `${fields.length} fields in all`]);
  return Object.fromEntries(shown);
}
