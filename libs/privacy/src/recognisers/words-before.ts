import { isDigit, isWord } from '../fold/chars.js';

const CHARS_MAX = 48;
const WORDS_MAX = 4;
/** Marks inside a word; at its end they count as what stands between. */
const INNER = new Set([...".'/-&"].map((mark) => mark.charCodeAt(0)));
const LINKS = new Set(
  'is was are number numbers num no nr nummer numero n id ids of code card the a an my your his her their our to for at as in on es est ist jest'.split(
    ' ',
  ),
);
/** As keys of programs have it: `passportNumber` speaks of a passport. */
const JOINED_NUMBER = /(?<=[a-z]{3})numbers?$/;
const BETWEEN = new Set([...' \t\n:#=.,\'"()_-/*>['].map((mark) => mark.charCodeAt(0)));

/**
 * The words before a value, lower-case, without those that only link ("tax id number is" gives "tax"), up to four or
 * `wordsMax`; empty if a figure or another mark stands between. Looks at most 48 characters back, and at no word that
 * begins before them.
 */
export function wordsBefore(lower: string, start: number, wordsMax = WORDS_MAX): string {
  const floor = Math.max(0, start - CHARS_MAX);
  const words: string[] = [];
  let at = start;
  while (words.length < wordsMax) {
    while (at > floor && BETWEEN.has(lower.charCodeAt(at - 1))) at -= 1;
    const end = at;
    while (at > floor && isInner(lower, at - 1)) at -= 1;
    if (at === end || (at === floor && (floor > 0 || isInner(lower, at - 1)))) break;
    const word = lower
      .slice(at, end)
      .replace(/^[.'/&-]+/, '')
      .replace(JOINED_NUMBER, '');
    // Once there is a word that says something, links belong to it.
    if (words.length > 0 || !LINKS.has(word)) words.unshift(word);
    if (lower[at - 1] !== ' ' && lower[at - 1] !== '_' && words.length > 0) break;
  }
  return words.join(' ');
}

function isInner(lower: string, at: number): boolean {
  const unit = lower.charCodeAt(at);
  return INNER.has(unit) || (isWord(unit) && !isDigit(unit));
}
