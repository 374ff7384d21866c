import { LOOK_ALIKES } from './look-alikes.js';

/** What stands for one code point while looking for personal data; `''` for one that nobody sees. */
export function foldCodePoint(codePoint: number): string {
  const known = cache.get(codePoint);
  if (known !== undefined) return known;
  if (cache.size >= CACHE_ENTRIES_MAX) cache.clear();
  const folded = compute(codePoint);
  cache.set(codePoint, folded);
  return folded;
}

/** One Arabic sign stands for eighteen letters; no value needs it, and a text must not grow without bound. */
const EXPANSION_MAX = 4;
const CACHE_ENTRIES_MAX = 4_096;
const cache = new Map<number, string>();

const VISIBLE_CONTROLS = new Set(['\t', '\n', '\r']);
const HIDDEN = /^[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\p{Mn}\p{Me}]$/u;
const MARKS = /[\p{Mn}\p{Me}]+/gu;
const DASH = /^[\p{Pd}\u2212\u2043]$/u;
const SPACE = /^\p{Zs}$/u;
const DIGIT = /^\p{Nd}$/u;
const LOOKS_LIKE: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u02bc': "'",
  '\u3002': '.',
  '\uff61': '.',
  '\u2215': '/',
  '\u2044': '/',
  '\u2795': '+',
  '\u00df': 'ss',
  '\u1e9e': 'SS',
  // Lower-casing a final sigma depends on its neighbours; folding must not.
  '\u03c2': '\u03c3',
  ...LOOK_ALIKES,
};

function compute(codePoint: number): string {
  const char = String.fromCodePoint(codePoint);
  if (VISIBLE_CONTROLS.has(char)) return char;
  if (HIDDEN.test(char)) return '';
  if (DASH.test(char)) return '-';
  if (SPACE.test(char)) return ' ';
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return char;
  const plain = char.normalize('NFKD').replace(MARKS, '');
  if (DIGIT.test(plain) && plain > '9') return digitOf(codePoint);
  return Array.from(plain.slice(0, EXPANSION_MAX), (part) => LOOKS_LIKE[part] ?? part).join('');
}

/** Each script's digits stand in a block of ten; some blocks follow one another. */
function digitOf(codePoint: number): string {
  let before = 0;
  while (DIGIT.test(String.fromCodePoint(codePoint - before - 1))) before += 1;
  return String(before % 10);
}
