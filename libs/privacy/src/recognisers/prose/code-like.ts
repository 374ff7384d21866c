import { has, type Reader, type Word } from './reader.js';
import { Is } from '../../lexicon/features.js';

const CODE_BEFORE = new Set([...'_=<{}`/\\#@$~^|*+']);
const CODE_AFTER = new Set([...'_=>{}`\\(|<@$~^*+[']);
const SENTENCE_START = /(?:^|[.!?:>*\u2022|"\u201c]\s{0,3}|\n\s*(?:[-*\u2022]\s+|\d+[.)]\s+)?|\(|- )$/;

/** Whether a word stands in program text rather than prose: its neighbours are marks of code, or it has capitals inside. */
export function isCodeLike(reader: Reader, word: Word): boolean {
  // A word that ends with the text is read anew each time, so that the reader notes it again.
  word.isCode ??= standsInCode(reader, word);
  return word.isCode;
}

function standsInCode(reader: Reader, word: Word): boolean {
  if (word.shape === 'mixed' || word.shape === 'code' || has(word, Is.TECHNICAL)) return true;
  const before = reader.lower[word.start - 1] ?? ' ';
  if (CODE_BEFORE.has(before) || (before === '.' && /\p{L}/u.test(reader.lower[word.start - 2] ?? ' '))) return true;
  const after = reader.char(word.end);
  if (CODE_AFTER.has(after)) return true;
  // `name.part`, `name/part`, `name::part`
  return (
    ('./:'.includes(after) && /[\p{L}\p{N}:_]/u.test(reader.char(word.end + 1))) ||
    (after === '-' && reader.unit(word.end + 1) > 0 && /\p{Ll}|\d/u.test(reader.text[word.end + 1] ?? ' '))
  );
}

export function startsSentence(reader: Reader, start: number): boolean {
  return start === 0 || SENTENCE_START.test(reader.behind(start, 12));
}
