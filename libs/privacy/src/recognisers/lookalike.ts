import { RENDERING_PATTERN, TOKEN_PATTERN } from '../pseudonyms/token.js';
import type { Recogniser } from '../recogniser.js';

const EXACT = new RegExp(`${TOKEN_PATTERN.source}|${RENDERING_PATTERN.source}`, 'y');
const UNFINISHED = /^\[{1,2}[A-Z0-9_]{0,30}(?::[a-z2-7]{0,20}\]?)?$/;
const CHARS_MAX = 56;

/** Text that imitates a token or a rendering. It wins over everything, for it must lose its meaning. */
export const lookalikeRecogniser: Recogniser = {
  id: 'lookalike',
  class: 'LOOKALIKE',
  tier: 0,
  reach: CHARS_MAX,
  next({ text }, from, limit) {
    for (let start = from; start < limit; start += 1) {
      if (text.charCodeAt(start) !== 0x5b) continue;
      EXACT.lastIndex = start;
      const match = EXACT.exec(text);
      if (match && start + match[0].length <= limit) return { start, end: start + match[0].length };
    }
    return undefined;
  },
  openFrom({ text }, end) {
    for (let start = Math.max(0, end - CHARS_MAX); start < end; start += 1) {
      if (text.charCodeAt(start) === 0x5b && UNFINISHED.test(text.slice(start, end))) return start;
    }
    return end;
  },
};
