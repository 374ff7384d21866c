type Spell = (value: string) => string;

const ZERO_WIDTH = ['\u200b', '\u200d', '\u2060', '\ufeff'];
/** Letters of other scripts that look like these. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  A: '\u0410',
  E: '\u0415',
  K: '\u041a',
  P: '\u03a1',
  a: '\u0430',
  c: '\u0441',
  e: '\u0435',
  i: '\u0456',
  o: '\u043e',
  p: '\u0440',
  x: '\u0445',
  y: '\u0443',
};

/** How a value may be written so that only a machine, or only the eye, reads it. */
export const SPELLINGS = {
  plain: (value) => value,
  upper: (value) => value.toUpperCase(),
  'zero width': (value) => [...value].map((char, i) => (i % 3 === 1 ? ZERO_WIDTH[i % 4]! : '') + char).join(''),
  bidi: (value) => `\u202a${value.slice(0, 4)}\u200e${value.slice(4)}\u202c`,
  'full width': (value) =>
    [...value]
      .map((char) => (char > ' ' && char <= '~' ? String.fromCharCode(char.charCodeAt(0) + 0xfee0) : char))
      .join(''),
  'look-alikes': (value) => [...value].map((char) => LOOKALIKES[char] ?? char).join(''),
  percent: (value) => [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  'JSON escapes': (value) =>
    Array.from({ length: value.length }, (_, i) => `\\u${value.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  base64: (value) => Buffer.from(value).toString('base64'),
  base64url: (value) => Buffer.from(value).toString('base64url'),
} as const satisfies Record<string, Spell>;
export type Spelling = keyof typeof SPELLINGS;
