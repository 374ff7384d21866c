/**
 * Looks for values one already knows, in their usual spellings. It shares no code with the recognisers on purpose:
 * it is what checks them.
 */
export interface RawHit {
  value: string;
  /** In which form it was found. */
  spelling: 'plain' | 'digits' | 'compact' | 'base64' | 'hex';
}

const DIGITS_MIN = 7;
const BASE64_CHARS_MIN = 6;
/** Escapes may be escaped again. */
const UNESCAPE_ROUNDS = 3;
const BASE64_RUN = /[A-Za-z0-9+/_-]{8,}/g;

/** True if any of the values shows. */
export function containsRaw(text: string, knownValues: readonly string[]): boolean {
  return findRaw(text, knownValues).length > 0;
}

/** Each value that shows, once, with the first spelling found. Values of fewer than two characters are left out. */
export function findRaw(text: string, knownValues: readonly string[]): RawHit[] {
  const layers = [text];
  for (let round = 0; round < UNESCAPE_ROUNDS; round += 1) layers.push(unescape(layers[round] ?? ''));
  const views = Array.from(new Set(layers.concat(layers.map(decodedRuns))), viewOf);
  return knownValues.flatMap((value) => {
    const spelling = value.trim().length < 2 ? undefined : spellingIn(views, text, value.trim());
    return spelling ? [{ value, spelling }] : [];
  });
}

interface View {
  words: string;
  /** Without anything but letters and digits, and with digits alone. */
  compact: string;
  digitRuns: string;
}

function viewOf(text: string): View {
  const words = normal(text);
  return {
    words,
    compact: words.replace(/[^\p{L}\p{N}@]+/gu, ''),
    digitRuns: words.replace(/(\d)[\s.()/\-_+]{1,4}(?=\d)/g, '$1'),
  };
}

function normal(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\p{Cf}\u034f\ufe00-\ufe0f]+/gu, '')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .toLowerCase();
}

function spellingIn(views: readonly View[], text: string, value: string): RawHit['spelling'] | undefined {
  const known = normal(value);
  if (views.some(({ words }) => includesWhole(words, known))) return 'plain';
  const digits = known.replace(/\D/g, '');
  if (!/[a-z]/.test(known) && digits.length >= DIGITS_MIN) {
    if (views.some(({ digitRuns }) => digitSpellings(known, digits).some((one) => includesNumber(digitRuns, one))))
      return 'digits';
  } else if (digits.length >= DIGITS_MIN) {
    const compact = known.replace(/[^\p{L}\p{N}@]+/gu, '');
    if (views.some((view) => view.compact.includes(compact))) return 'compact';
  }
  const variants = [value, known, value.toUpperCase()];
  if (variants.some((variant) => base64Forms(variant).some((form) => text.includes(form)))) return 'base64';
  const lower = text.toLowerCase();
  if (variants.some((variant) => variant.length > 3 && lower.includes(Buffer.from(variant, 'utf8').toString('hex'))))
    return 'hex';
  return undefined;
}

/** A value of letters must stand alone: "anna" is not in "bananna". */
function includesWhole(text: string, value: string): boolean {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + value.length] ?? ' ';
    if (!/[\p{L}\p{N}]/u.test(before) && !/[\p{L}\p{N}]/u.test(after)) return true;
    if (/[@\d]/.test(value) && !/^\d+$/.test(value)) return true;
  }
  return false;
}

/** A phone is written with or without its country: its last digits are enough. */
function digitSpellings(known: string, digits: string): string[] {
  const isInternational = known.startsWith('+') || known.startsWith('00');
  const bare = known.startsWith('00') ? digits.slice(2) : digits;
  return isInternational && bare.length >= 10 ? [bare, bare.slice(-Math.max(8, bare.length - 3))] : [digits];
}

/** Not inside a longer number, apart from a country or trunk prefix. */
function includesNumber(runs: string, digits: string): boolean {
  for (let at = runs.indexOf(digits); at >= 0; at = runs.indexOf(digits, at + 1)) {
    const before = /\d*$/.exec(runs.slice(Math.max(0, at - 8), at))?.[0] ?? '';
    if (before.length <= 4 && !/\d/.test(runs[at + digits.length] ?? '')) return true;
  }
  return false;
}

/** The part of a value's base64 that does not depend on its neighbours, at each of the three alignments. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  const forms: string[] = [];
  for (const shift of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const first = Math.ceil((shift * 8) / 6);
    const last = Math.floor(((shift + bytes.length) * 8) / 6);
    const inner = encoded.slice(first, last);
    if (inner.length < BASE64_CHARS_MIN) continue;
    forms.push(inner, inner.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return forms;
}

function decodedRuns(text: string): string {
  const decoded = (text.match(BASE64_RUN) ?? []).map((run) => Buffer.from(run, 'base64').toString('utf8'));
  return decoded.join('\n');
}

/** One round of percent, JSON and HTML escapes. */
function unescape(text: string): string {
  return text
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
    .replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\([nrt])/g, ' ')
    .replace(/\\(["\\/])/g, '$1')
    .replace(/&#(?:x([0-9a-f]{1,6})|(\d{1,7}));/gi, (all, hex?: string, decimal?: string) => {
      const codePoint = Number.parseInt(hex ?? decimal ?? '', hex === undefined ? 10 : 16);
      return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : all;
    });
}
