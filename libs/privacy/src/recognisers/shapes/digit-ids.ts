import { isDigit, isWord } from '../../fold/chars.js';
import {
  isAadhaar,
  isBsn,
  isCnpj,
  isCpf,
  isNhs,
  isNir,
  isPesel,
  isRouting,
  isSsn,
  isSteuerId,
} from './check-digits.js';
import { cue, hasCue, type ShapeFound, type ShapeWord } from './shape.js';

const GROUPS_MAX = 8;
const DIGITS_MAX = 15;
const DIGITS_MIN = 8;
/** A row of figures is no number that begins in its middle. */
const FIGURE_BEFORE = /(?:^|[^\d.:/-])\d{1,3} $/;
const CUES = {
  ssn: cue(String.raw`ssn|social security|social|itin|tin|tax(?:payer)?`),
  routing: cue('routing|aba|rtn|transit'),
  bsn: cue('bsn|burgerservice(?:nummer)?|sofi(?:nummer)?'),
  nhs: cue('nhs'),
  pesel: cue('pesel'),
  cpf: cue('cpf'),
  cnpj: cue('cnpj'),
  steuer: cue(String.raw`steuer-?id|steuer(?:liche)?-?identifikations|steueridentifikations?|idnr|tin|tax`),
  aadhaar: cue('aadhaa?r|uidai|uid'),
  nir: cue(String.raw`nir|s[eé]curit[eé] sociale|insee`),
};

interface Run {
  digits: string;
  /** Sizes of the groups and what stands between them: `3-2-4`. */
  form: string;
}

/** National and bank numbers of digits alone. A number without groups counts only next to the word for it. */
export function digitId(word: ShapeWord): ShapeFound | undefined {
  const { lower } = word.text;
  const before = lower[word.start - 1] ?? ' ';
  if ('.,:/_$\u20ac'.includes(before) && isDigit(lower.charCodeAt(word.start - 2))) return undefined;
  if (before === ' ' && FIGURE_BEFORE.test(lower.slice(Math.max(0, word.start - 6), word.start))) return undefined;
  const runs: { run: Run; end: number }[] = [];
  let [digits, form, at] = ['', '', word.start];
  for (let groups = 0; groups < GROUPS_MAX; groups += 1) {
    const from = at;
    while (at < word.limit && isDigit(lower.charCodeAt(at)) && at - from <= DIGITS_MAX) at += 1;
    if (at === from || isWord(lower.charCodeAt(at))) break;
    digits += lower.slice(from, at);
    form += String(at - from);
    if (digits.length > DIGITS_MAX) break;
    if (digits.length >= DIGITS_MIN) runs.push({ run: { digits, form }, end: at });
    const gap = lower[at] ?? '';
    if (!' -./'.includes(gap) || gap === '' || at + 1 >= word.limit || !isDigit(lower.charCodeAt(at + 1))) break;
    form += gap;
    at += 1;
  }
  for (const { run, end } of runs.toReversed()) {
    // In the middle of a longer row of figures it is something else.
    if (/^[-./]\d/.test(lower.slice(end, end + 2))) continue;
    const found = classOf(run, word);
    if (found) return { class: found, end };
  }
  return undefined;
}

function classOf({ digits, form }: Run, word: ShapeWord): ShapeFound['class'] | undefined {
  const cued = (name: keyof typeof CUES): boolean => hasCue(word, CUES[name]);
  const plain = form === String(digits.length);
  switch (digits.length) {
    case 9:
      if (isSsn(digits) && (form === '3-2-4' || ((form === '3 2 4' || plain) && cued('ssn')))) return 'NATIONAL_ID';
      if (plain && isRouting(digits) && cued('routing')) return 'BANK_ID';
      return isBsn(digits) && cued('bsn') ? 'NATIONAL_ID' : undefined;
    case 8:
      return isBsn(`0${digits}`) && cued('bsn') ? 'NATIONAL_ID' : undefined;
    case 10:
      return isNhs(digits) && cued('nhs') ? 'NATIONAL_ID' : undefined;
    case 11:
      return isElevenDigitId(digits, form, cued) ? 'NATIONAL_ID' : undefined;
    case 12:
      return isAadhaar(digits) && (form === '4 4 4' || form === '4-4-4' || cued('aadhaar')) ? 'NATIONAL_ID' : undefined;
    case 14:
      return isCnpj(digits) && (form === '2.3.3/4-2' || cued('cnpj')) ? 'NATIONAL_ID' : undefined;
    case 15:
      return isNir(digits) && (!plain || cued('nir')) ? 'NATIONAL_ID' : undefined;
    default:
      return undefined;
  }
}

function isElevenDigitId(digits: string, form: string, cued: (name: keyof typeof CUES) => boolean): boolean {
  if (isCpf(digits) && (form === '3.3.3-2' || cued('cpf'))) return true;
  if (isPesel(digits) && cued('pesel')) return true;
  return isSteuerId(digits) && (cued('steuer') || form === '2 3 3 3');
}
