import { PII_CLASSES, type PiiClass } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { z } from 'zod';
import type { ModelFinding } from './recogniser.port.js';

/** Different values of one request; each is looked for in all of its texts. */
export const FINDINGS_MAX = 2_000;
/** A shorter value would be found everywhere, a longer one is no value. */
const VALUE_CHARS_MIN = 2;
const VALUE_CHARS_MAX = 200;
/** Half a word is no value: what was found grows to the ends of its word, so many characters at most. */
const WIDEN_CHARS_MAX = 32;

const Offset = z.number().int().min(0);
const Answer = z.object({
  found: z.array(z.array(z.object({ class: z.string(), start: Offset, end: Offset }))),
});
const CLASSES = new Set<string>(PII_CLASSES.filter((one) => one !== 'UNSCANNED'));

const WORD = /[\p{L}\p{M}\p{N}]/u;
/** Written without spaces between words. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/**
 * The values that an answer speaks of, each once; classes that are none of ours are left out. PROVIDER_GARBAGE for what
 * does not follow the protocol, PAYLOAD_TOO_LARGE for too many values.
 */
export function readAnswer(body: string, texts: readonly string[]): ModelFinding[] {
  const { found } = parsed(body);
  if (found.length !== texts.length) throw garbage(`has ${found.length} lists for ${texts.length} texts`);
  const values = new Map<string, ModelFinding>();
  for (const [index, spans] of found.entries()) {
    const text = texts[index] ?? '';
    for (const { class: name, start, end } of spans) {
      if (start >= end || end > text.length) throw garbage(`names a stretch that text ${index + 1} does not have`);
      if (!isOurs(name)) continue;
      const value = widened(text, start, end).trim();
      if (value.length < VALUE_CHARS_MIN || value.length > VALUE_CHARS_MAX) continue;
      values.set(`${name} ${value}`, { class: name, value });
    }
  }
  if (values.size > FINDINGS_MAX)
    throw new MeshError(
      'PAYLOAD_TOO_LARGE',
      `The recogniser found ${values.size} values; at most ${FINDINGS_MAX} are taken.`,
    );
  return [...values.values()];
}

const isOurs = (name: string): name is PiiClass => CLASSES.has(name);

export const garbage = (what: string): MeshError =>
  new MeshError('PROVIDER_GARBAGE', `The answer of the recogniser ${what}.`);

function parsed(body: string): z.infer<typeof Answer> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw garbage('is not JSON');
  }
  const answer = Answer.safeParse(json);
  if (!answer.success) throw garbage('does not follow its protocol');
  return answer.data;
}

function widened(text: string, start: number, end: number): string {
  let [from, to] = [start, end];
  while (start - from < WIDEN_CHARS_MAX && joins(text, from)) from -= 1;
  while (to - end < WIDEN_CHARS_MAX && joins(text, to)) to += 1;
  return text.slice(from, to);
}

function joins(text: string, at: number): boolean {
  const [before, after] = [text.charAt(at - 1), text.charAt(at)];
  return WORD.test(before) && WORD.test(after) && !UNSPACED.test(before + after);
}
