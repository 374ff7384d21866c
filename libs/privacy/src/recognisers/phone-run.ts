import { isDigit } from '../fold/chars.js';

/** Groups of digits with what stands between them; `(0)` and the like keep their parentheses in `gaps`. */
export interface PhoneRun {
  plus: boolean;
  /** The first group stands in parentheses. */
  paren: boolean;
  groups: string[];
  gaps: string[];
  /** End of each group, a closing parenthesis included. */
  ends: number[];
}

const RUN_CHARS_MAX = 40;
const DIGITS_MAX = 17;
const NUMBER_DIGITS_MIN = 7;
const GAPS = new Set([' ', '-', '.', '/', ' - ', ' / ', ' (', '-(', '(', ') ', ')', ')-', ')/', ')(', ') (', ') - ']);
const GAP_CHARS_MAX = 3;

/** Figures of another kind: dates, times, addresses of hosts. */
const OTHER_FIGURE = new RegExp(
  [
    String.raw`\d{4}([-/.])\d{1,2}\1\d{1,2}(?!\d)`,
    String.raw`(?:[0-2]?\d|3[01])([-/.])(?:[0-2]?\d|3[01])\2(?:\d{4}|\d{2})(?!\d|[-/.]\d)`,
    String.raw`\d{1,2}:\d{2}`,
    String.raw`\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)`,
    String.raw`(?:19|20)\d\d ?[-/] ?(?:19|20)\d\d(?!\d)`,
  ].join('|'),
  'y',
);

/** Length of a date, time, IPv4 address or range of years that starts here, else 0. */
export function otherFigure(lower: string, at: number): number {
  let end = at;
  while (end < at + 5 && isDigit(lower.charCodeAt(end))) end += 1;
  // Each of them starts with up to four digits and a mark.
  if (!'-/.:'.includes(lower[end] ?? ' ') && !(end === at + 4 && lower[end] === ' ')) return 0;
  OTHER_FIGURE.lastIndex = at;
  return OTHER_FIGURE.exec(lower)?.[0].length ?? 0;
}

/** Reads at most 40 characters and 17 digits; ends before a date, time or host address. */
export function readPhoneRun(lower: string, start: number, limit: number): PhoneRun | undefined {
  const run: PhoneRun = { plus: false, paren: false, groups: [], gaps: [], ends: [] };
  const stop = Math.min(limit, start + RUN_CHARS_MAX);
  let at = start;
  if (lower[at] === '(') {
    run.paren = true;
    at += 1;
  }
  if (lower[at] === '+') {
    run.plus = true;
    at += lower[at + 1] === '(' ? 2 : 1;
  }
  let digits = 0;
  let opened = at > start && lower.slice(start, at).includes('(');
  while (at < stop) {
    const groupStart = at;
    while (at < stop && isDigit(lower.charCodeAt(at))) at += 1;
    digits += at - groupStart;
    if (at === groupStart || digits > DIGITS_MAX || isDigit(lower.charCodeAt(at))) break;
    run.groups.push(lower.slice(groupStart, at));
    run.ends.push(opened && lower[at] === ')' && at < limit ? at + 1 : at);
    const gap = gapAt(lower, at);
    if (gap === undefined || (gap.includes(')') && !opened)) break;
    if (gap.includes('(') || gap.includes(')')) opened = gap.includes('(');
    // 030 901820/0171 1234567 are two numbers.
    if (digits >= NUMBER_DIGITS_MIN && gap.includes('/') && lower[at + gap.length] === '0') break;
    at += gap.length;
    if (gap.includes(' ') && otherFigure(lower, at) > 0) break;
    run.gaps.push(gap);
  }
  run.gaps.length = Math.min(run.gaps.length, Math.max(0, run.groups.length - 1));
  return run.groups.length > 0 ? run : undefined;
}

function gapAt(lower: string, at: number): string | undefined {
  for (let length = 1; length <= GAP_CHARS_MAX; length += 1) {
    if (isDigit(lower.charCodeAt(at + length))) {
      const gap = lower.slice(at, at + length);
      return GAPS.has(gap) ? gap : undefined;
    }
  }
  return undefined;
}
