import { mapEncoded } from '../redaction/encoded.js';
import { JSON_LIMITS, JsonWalk, parseContainer, type JsonLimits } from '../redaction/json-walk.js';
import { PatternStream } from './pattern-stream.js';
import { TOKEN_PATTERN } from './token.js';

/** Value by token; a token without one stays as it is. A Map will do. */
export interface TokenLookup {
  get(token: string): string | undefined;
}

const UNFINISHED = /^\[(?:\[(?:[A-Z][A-Z0-9_]{0,23}(?::[a-z2-7]{0,20}\]?)?)?)?$/;
const CHARS_MAX = 50;

/** Puts values back in one pass: what a value itself contains is never read as a token. */
export function restoreText(text: string, lookup: TokenLookup): string {
  return text.replace(TOKEN_PATTERN, (token) => lookup.get(token) ?? token);
}

/** Puts values back in strings and keys, and inside JSON text and base64 in strings. Errors as `redactJson`. */
export function restoreJson(value: unknown, lookup: TokenLookup, limits: Partial<JsonLimits> = {}): unknown {
  const restoreEncoded = (text: string): string => {
    const opened = mapEncoded(text, { text: (decoded) => restoreText(decoded, lookup) });
    return restoreText(opened, lookup);
  };
  const walk: JsonWalk = new JsonWalk(
    {
      string: (text, key, depth) => {
        const inner = parseContainer(text);
        if (!inner) return restoreEncoded(text);
        const restored = JSON.stringify(walk.copy(inner, key, depth + 1));
        return restored === JSON.stringify(inner) ? restoreEncoded(text) : restored;
      },
      key: restoreEncoded,
      number: (number) => number,
    },
    { ...JSON_LIMITS, ...limits },
  );
  return walk.copy(value);
}

/** `restoreText` for a token stream; holds back at most 50 characters. */
export function restoringStream(lookup: TokenLookup): PatternStream {
  const pattern = { whole: TOKEN_PATTERN, unfinished: UNFINISHED, charsMax: CHARS_MAX };
  return new PatternStream(pattern, (token) => lookup.get(token) ?? token);
}
