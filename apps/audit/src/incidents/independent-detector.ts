/**
 * Finds raw values by other means than the gates: plain shapes and check digits over the text as it is. It shares no code
 * with the recognisers, so that a fault in those does not blind it too. It looks for what can be told with certainty; names
 * and addresses it cannot see. Every step looks at a bounded stretch, so the whole is linear.
 */
export const DETECTED = ['EMAIL', 'CARD', 'IBAN', 'PHONE', 'NATIONAL_ID', 'SECRET'] as const;
export type Detected = (typeof DETECTED)[number];

const HIDDEN = /[\p{Cf}\u034f]+/gu;
const LOCAL_CHARS_MAX = 64;
const HOST = /^[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}(?![A-Za-z0-9-])/;
const LOCAL = /[A-Za-z0-9._%+-]{1,64}$/;
/** Runs of digits with single marks between; what is more than 24 digits long is something else. */
const DIGITS = /(?<![A-Za-z0-9+/_=-])\+?\d(?:[ -]?\d){8,23}(?![A-Za-z0-9+/_=-])/g;
const IBAN = /(?<![A-Za-z0-9+/_=-])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9+/_=-])/g;
const SSN = /(?<![\w.-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/;
const SECRETS = [
  /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/,
  /(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36}/,
  /(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20}/,
  /(?<![A-Za-z0-9])(?:sk|rk)_live_[A-Za-z0-9]{16}/,
  /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}/,
  /(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{10,400}\.eyJ[A-Za-z0-9_-]{10}/,
  /-----BEGIN [A-Z ]{0,24}PRIVATE KEY/,
] as const;

/** The classes of which something shows; never the value. */
export function detectIndependently(text: string): Detected[] {
  // eslint-disable-next-line no-control-regex
  const plain = /^[\x00-\x7f]*$/.test(text) ? text : text.normalize('NFKC').replace(HIDDEN, '');
  const found = new Set<Detected>();
  if (hasEmail(plain)) found.add('EMAIL');
  if (SSN.test(plain)) found.add('NATIONAL_ID');
  if (SECRETS.some((secret) => secret.test(plain))) found.add('SECRET');
  for (const [run] of plain.matchAll(DIGITS)) {
    const digits = run.replace(/\D/g, '');
    if (isCard(digits)) found.add('CARD');
    else if (run.startsWith('+') && digits.length >= 10 && digits.length <= 15) found.add('PHONE');
  }
  for (const [run] of plain.matchAll(IBAN)) if (holdsIban(run)) found.add('IBAN');
  return DETECTED.filter((one) => found.has(one));
}

function hasEmail(text: string): boolean {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const host = HOST.exec(text.slice(at + 1, at + 256));
    if (host !== null && LOCAL.test(text.slice(Math.max(0, at - LOCAL_CHARS_MAX), at))) return true;
  }
  return false;
}

/** The lengths and first digits of the large issuers, and Luhn. */
function isCard(digits: string): boolean {
  if (!/^(?:4\d{15}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12})$/.test(digits)) return false;
  let sum = 0;
  for (let n = 0; n < digits.length; n++) {
    const digit = Number(digits[digits.length - 1 - n]) * (n % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

/** Words may follow a number in groups: some stretch from its beginning must be right (ISO 7064, mod 97). */
function holdsIban(run: string): boolean {
  const compact = run.replaceAll(' ', '');
  for (let length = 15; length <= Math.min(34, compact.length); length++) {
    const moved = compact.slice(4, length) + compact.slice(0, 4);
    let rest = 0;
    for (const char of moved) rest = Number(`${rest}${Number.parseInt(char, 36)}`) % 97;
    if (rest === 1 && length === (LENGTHS[compact.slice(0, 2)] ?? 0)) return true;
  }
  return false;
}

/** Characters of an IBAN by country, of those most met. */
const LENGTHS: Readonly<Record<string, number>> = {
  AT: 20,
  BE: 16,
  CH: 21,
  CZ: 24,
  DE: 22,
  DK: 18,
  ES: 24,
  FI: 18,
  FR: 27,
  GB: 22,
  IE: 22,
  IT: 27,
  LU: 20,
  NL: 18,
  NO: 15,
  PL: 28,
  PT: 25,
  SE: 24,
};
