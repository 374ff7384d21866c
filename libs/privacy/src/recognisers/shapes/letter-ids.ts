import { isWord } from '../../fold/chars.js';
import { isCodiceFiscale, isDni, isVin } from './check-digits.js';
import { isCryptoAddress } from './crypto-address.js';
import { cue, hasCue, isUpper, type ShapeFound, type ShapeWord } from './shape.js';

/** UK National Insurance number (HMRC): prefixes that are not given out are left out. */
const NINO = /(?!bg|gb|nk|kn|tn|nt|zz)[a-ceghj-prtw-z][a-ceghj-npr-tw-z] ?\d\d ?\d\d ?\d\d ?[a-d]/y;
const DNI = /(\d{8})[- ]?([a-z])/y;
const NIE = /([xyz]-?\d{7})-?([a-z])/y;
const CODICE_FISCALE = /^[a-z]{6}\d\d[a-ehlmprst]\d\d[a-z]\d{3}[a-z]$/;
/** India: the fourth letter says what kind of holder. */
const PAN = /^[a-z]{3}[abcfghljpt][a-z]\d{4}[a-z]$/;
const VIN = /^(?=[a-z0-9]*\d)[a-hj-npr-z0-9]{17}$/;
const BIC = /^[a-z]{4}[a-z]{2}[a-z0-9]{2}(?:[a-z0-9]{3})?$/;
const NUMBERED = /(?=[a-z-]{0,12}\d)[a-z0-9]{1,17}(?:-[a-z0-9]{1,10}){0,3}/y;

const NINO_CUE = cue('nino|national insurance|ni');
const DNI_CUE = cue(String.raw`d\.?n\.?i\.?|n\.?i\.?[fe]\.?|documento|identidad|identity|identification|national id`);
const PAN_CUE = cue('pan|permanent account|income tax');
const VIN_CUE = cue(String.raw`vin|vehicle(?: identification)?|chassis|fahrgestell(?:nummer)?|fin`);
const BIC_CUE = cue(String.raw`bic|swift(?:/bic| bic)?`);
const PASSPORT_CUE = cue(String.raw`passport|reisepass|passeport|pasaporte|passaporto|paszport`);
const LICENCE_CUE = cue(
  String.raw`driv(?:er|ing|ers)(?:'?s|')? ?(?:licen[cs]e|permit)|licen[cs]e|permis de conduire|f[uü]hrerschein|dl`,
);
const ACCOUNT_CUE = cue(String.raw`(?:bank )?account|acct|a/c|kontonummer|konto|sort code`);
/** So many digits has an account number where no IBAN is used. */
const ACCOUNT = /^\d{7,17}$/;

/** Numbers that hold a letter, or are told by the word before them. */
export function letterId(word: ShapeWord): ShapeFound | undefined {
  const text = word.text.lower.slice(word.start, word.end);
  const hasLetter = /[a-z]/.test(text);
  if (hasLetter || text.length <= 2) {
    const parted = spaced(word);
    if (parted) return parted;
  }
  if (word.end > word.limit) return undefined;
  if (hasLetter) {
    const whole = wholeWord(word, text);
    if (whole) return { class: whole, end: word.end };
  }
  return cued(word, text);
}

/** National numbers that may be written in groups. */
function spaced(word: ShapeWord): ShapeFound | undefined {
  const nino = match(NINO, word);
  if (nino && (isUpper(word, nino.end) || hasCue(word, NINO_CUE))) return { class: 'NATIONAL_ID', end: nino.end };
  const dni = match(DNI, word) ?? match(NIE, word);
  if (!dni || !isDni((dni.groups[1] ?? '').replace('-', ''), dni.groups[2] ?? '')) return undefined;
  const isForeigner = /^[xyz]/.test(dni.groups[1] ?? '') && isUpper(word, dni.end);
  return isForeigner || hasCue(word, DNI_CUE) ? { class: 'NATIONAL_ID', end: dni.end } : undefined;
}

function wholeWord(word: ShapeWord, text: string): ShapeFound['class'] | undefined {
  if (text.length === 16 && CODICE_FISCALE.test(text) && isCodiceFiscale(text)) return 'NATIONAL_ID';
  if (text.length === 17 && VIN.test(text) && ((isVin(text) && isUpper(word, word.end)) || hasCue(word, VIN_CUE)))
    return 'VIN';
  if (text.length >= 26 && isCryptoAddress(word.text.text.slice(word.start, word.end))) return 'CRYPTO';
  if (text.length === 10 && PAN.test(text) && isUpper(word, word.end) && hasCue(word, PAN_CUE)) return 'NATIONAL_ID';
  const isBic = (text.length === 8 || text.length === 11) && BIC.test(text) && isUpper(word, word.end);
  return isBic && hasCue(word, BIC_CUE) ? 'BANK_ID' : undefined;
}

function cued(word: ShapeWord, text: string): ShapeFound | undefined {
  if (ACCOUNT.test(text) && hasCue(word, ACCOUNT_CUE)) return { class: 'BANK_ID', end: word.end };
  if (text.length < 5 && word.text.lower[word.end] !== '-') return undefined;
  const found = match(NUMBERED, word);
  if (!found || found.end - word.start < 5 || !/\d/.test(found.groups[0] ?? '')) return undefined;
  const digits = (found.groups[0] ?? '').replace(/\D/g, '').length;
  if (digits < 4) return undefined;
  return hasCue(word, PASSPORT_CUE) || hasCue(word, LICENCE_CUE) ? { class: 'DOCUMENT_ID', end: found.end } : undefined;
}

function match(
  pattern: RegExp,
  { text, start, limit }: ShapeWord,
): { groups: RegExpExecArray; end: number } | undefined {
  pattern.lastIndex = start;
  const groups = pattern.exec(text.lower);
  const end = start + (groups?.[0].length ?? 0);
  if (!groups || end > limit || isWord(text.lower.charCodeAt(end))) return undefined;
  return { groups, end };
}
