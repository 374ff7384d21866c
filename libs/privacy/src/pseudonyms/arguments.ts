import { pointsWithin, pointerBelow } from '@signalbox/kernel';
import { restoreJson } from './restore.js';
import { findTokens } from './token.js';

/** A token, and the JSON pointer (RFC 6901) of the string that holds it. */
export interface TokenAt {
  token: string;
  pointer: string;
}

/** The tokens in the strings of a JSON value, each once a place; keys are not looked at. The value is no deeper than the bus takes. */
export function tokensAt(value: unknown): TokenAt[] {
  const found: TokenAt[] = [];
  mapStrings(value, '', (text, pointer) => {
    for (const token of new Set(findTokens(text))) found.push({ token, pointer });
    return text;
  });
  return found;
}

/** The value with real ones in the place of tokens, where `at` says so; JSON text inside a string stays JSON. */
export function restoreAt(value: unknown, at: (item: TokenAt) => string | undefined): unknown {
  return mapStrings(value, '', (text, pointer) =>
    findTokens(text).length === 0
      ? text
      : String(restoreJson(text, { get: (token: string) => at({ token, pointer }) })),
  );
}

function mapStrings(value: unknown, pointer: string, map: (text: string, pointer: string) => string): unknown {
  if (typeof value === 'string') return map(value, pointer);
  if (Array.isArray(value)) return value.map((item, index) => mapStrings(item, pointerBelow(pointer, index), map));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, mapStrings(item, pointerBelow(pointer, name), map)]),
  );
}

/** What a tool says that it needs the value at a place for; empty: it does not say. */
export function purposeOf(needs: readonly { pointer: string; purpose: string }[] | undefined, pointer: string): string {
  return needs?.find((need) => pointsWithin(pointer, need.pointer))?.purpose ?? '';
}
