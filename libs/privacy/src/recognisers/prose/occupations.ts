import { Is } from '../../lexicon/features.js';
import type { ProseFound } from './prose-found.js';
import { has, isCapital, type Reader, type Word } from './reader.js';

const RUN_WORDS_MAX = 6;
const GAP = /^(?:, and |, |\/|-| )/;
const BEFORE =
  /(?:, (?:the|a|an|our) |\b(?:work|works|worked|working|job|hired|employed|promoted)(?: as)? (?:as |to )?(?:an? |the )?|\bjob title:? ?|\bposition:? ?|\boccupation:? ?|\btitle:? ?|\b(?:i am|i'm|he is|she is|he's|she's|is|was|became|as|hired|hiring|looking for|need|talk to) (?:an? |the |our |my )|\n)$/;

/** Job titles: capitalised words that end in one for an occupation, in a line of their own or where a job is told. */
export function occupationAt(reader: Reader, first: Word): ProseFound | undefined {
  if (!isCapital(first) || has(first, Is.COMMON) || first.shape === 'upper') return undefined;
  if (!BEFORE.test(reader.behind(first.start, 24))) return undefined;
  let last: Word | undefined = first;
  let end: number | undefined;
  for (let count = 0; last && count < RUN_WORDS_MAX; count += 1) {
    if (has(last, Is.OCCUPATION)) end = last.end;
    const next: Word | undefined = reader.after(last, GAP);
    if (!next || (next.shape !== 'lower' && !isCapital(next)) || (has(next, Is.COMMON) && next.lower !== 'and')) break;
    last = next;
  }
  if (end === undefined && reader.behind(first.start, 6).endsWith(', the ') && reader.char(first.end) === ',')
    end = first.end;
  if (end === undefined) return undefined;
  const after = reader.char(end);
  return after === '\n' || after === ',' || after === '.' || after === '\0'
    ? { class: 'TITLE', start: first.start, end }
    : undefined;
}
