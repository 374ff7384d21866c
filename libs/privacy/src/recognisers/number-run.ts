import { isDigit } from '../fold/chars.js';

const SEPARATORS = new Set([...' -./()+'].map((mark) => mark.charCodeAt(0)));
/** No phone or card has fewer digits. */
const DIGITS_MIN = 7;
/** A phone looks at an extension or a cue after it; see its own limits. */
const LOOKAHEAD_CHARS = 28;
/** Longer runs are held whole until the stream's own bound forces a cut. */
const SCAN_CHARS_MAX = 256;

const isRunPart = (unit: number): boolean => isDigit(unit) || SEPARATORS.has(unit);

/**
 * `openFrom` of phones and cards: both are made of one run of digits and separators, and such a run is
 * undecided while it lasts and, if it holds enough digits, while what follows it may still matter.
 */
export function openNumberRun(lower: string, end: number): number {
  const floor = Math.max(0, end - SCAN_CHARS_MAX);
  let open = end;
  let at = end;
  while (at > floor && at > end - LOOKAHEAD_CHARS) {
    if (!isRunPart(lower.charCodeAt(at - 1))) {
      at -= 1;
      continue;
    }
    const runEnd = at;
    let digits = 0;
    let first = runEnd;
    while (at > floor && isRunPart(lower.charCodeAt(at - 1))) {
      at -= 1;
      const char = lower[at] ?? '';
      if (isDigit(char.charCodeAt(0))) digits += 1;
      if (char === '+' || char === '(' || isDigit(char.charCodeAt(0))) first = at;
    }
    if (at === floor && floor > 0) return floor;
    if (first < runEnd && (runEnd === end || digits >= DIGITS_MIN)) open = first;
  }
  return open;
}
