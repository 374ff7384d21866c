import { Is, theLexicon } from '../../lexicon/features.js';
import type { ProseFound } from './prose-found.js';
import { has, isCapital, isUnknown, type Reader, type Word } from './reader.js';

const PLACE_WORDS_MAX = 5;
const PLACE_CUE =
  /\b(?:in|from|to|at|near|visit|visited|visiting|live|lives|lived|moved|based|city of|country|born in|capital of) $/;
const PLACE_GAP = /^[ -]/;

/** Countries, and cities of 50,000 people and more; a word that is also English or a given name only after "in", "from"... */
export function placeAt(reader: Reader, word: Word): ProseFound | undefined {
  const whole = has(word, Is.PLACE_START) ? severalWords(reader, word) : undefined;
  if (whole !== undefined) return { class: 'PLACE', start: word.start, end: zipAfter(reader, whole) };
  const isShouted = word.shape === 'upper' && word.lower.length > 5 && isUnknown(word);
  if (isShouted && PLACE_CUE.test(reader.behind(word.start, 16))) return found(reader, word);
  if (!has(word, Is.CITY | Is.COUNTRY) || has(word, Is.COMMON | Is.TECHNICAL)) return undefined;
  if (word.shape === 'lower') {
    const isPlain = has(word, Is.COUNTRY) && !has(word, Is.DICTIONARY | Is.FIRST_NAME | Is.LAST_NAME);
    return isPlain && word.lower.length > 4 ? found(reader, word) : undefined;
  }
  if (!isCapital(word) || word.lower.length < 4) return undefined;
  const next = has(word, Is.FIRST_NAME) ? reader.after(word, /^ /) : undefined;
  if (isCapital(next) && (isUnknown(next) || has(next, Is.LAST_NAME))) return undefined;
  const isSure =
    has(word, Is.COUNTRY) && (has(word, Is.SURE) || !has(word, Is.DICTIONARY | Is.FIRST_NAME | Is.LAST_NAME));
  const isAmbiguous = has(word, Is.DICTIONARY | Is.FIRST_NAME | Is.LAST_NAME);
  if (isAmbiguous && !isSure && !PLACE_CUE.test(reader.behind(word.start, 16))) return undefined;
  return found(reader, word);
}

const ALSO_ENGLISH = /^(?:polish|pole|swede|scot|dutch|turk|dane|finish|czech)s?$/;

/** Peoples and religions, as adjectives or nouns. */
export function nationalityAt(word: Word): ProseFound | undefined {
  if (!has(word, Is.NATIONALITY)) return undefined;
  const isPlain = word.shape === 'lower' && !ALSO_ENGLISH.test(word.lower);
  return isCapital(word) || isPlain ? { class: 'NATIONALITY', start: word.start, end: nameEnd(word) } : undefined;
}

const nameEnd = (word: Word): number => (word.lower.endsWith("'s") ? word.end - 2 : word.end);

const found = (reader: Reader, word: Word): ProseFound => ({
  class: 'PLACE',
  start: word.start,
  end: zipAfter(reader, nameEnd(word)),
});

/** "Hungary 06554" */
function zipAfter(reader: Reader, end: number): number {
  return /^ \d{5}(?![\p{L}\p{N}.,]?\d)/u.test(reader.ahead(end, 8)) ? end + 6 : end;
}

/** The longest name in the lists that starts here, capitalised as a name is. */
function severalWords(reader: Reader, first: Word): number | undefined {
  if (!isCapital(first)) return undefined;
  const { places, placeStarts } = theLexicon();
  let key = first.lower;
  let last: Word = first;
  let end: number | undefined;
  for (let count = 1; count < PLACE_WORDS_MAX; count += 1) {
    const next = reader.after(last, PLACE_GAP);
    if (!next || (!isCapital(next) && !has(next, Is.COMMON | Is.PARTICLE))) break;
    key += ` ${next.lower.replace(/'s$/, '')}`;
    if (places.has(key) && isCapital(next)) end = nameEnd(next);
    if (!placeStarts.has(key)) break;
    last = next;
  }
  return end;
}
