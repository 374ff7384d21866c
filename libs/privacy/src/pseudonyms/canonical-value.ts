import type { DataClass } from '@signalbox/contracts';
import { decodeEscape } from '../fold/decode-escape.js';
import { fold } from '../fold/fold.js';

const HIDDEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}]+/gu;
const HIDDEN_CONTROLS = /[^\P{Cc}\t\n\r]+/gu;

/** The value as a person would read it: escapes resolved, NFKC, nothing invisible. This is what is kept and given back. */
export function readableValue(raw: string): string {
  let out = '';
  let at = 0;
  while (at < raw.length) {
    const escape = raw[at] === '%' || raw[at] === '\\' ? decodeEscape(raw, at) : undefined;
    if (typeof escape === 'object') {
      out += String.fromCodePoint(escape.codePoint);
      at += escape.length;
    } else {
      out += raw[at];
      at += 1;
    }
  }
  return out.replace(HIDDEN, '').replace(HIDDEN_CONTROLS, '').normalize('NFKC');
}

/** One spelling per value, so that it has one token: the input of the HMAC. */
export function canonicalValue(dataClass: DataClass, raw: string): string {
  switch (dataClass) {
    case 'EMAIL':
      return readableValue(raw).toLowerCase();
    case 'PHONE':
      return canonicalPhone(fold(raw).lower);
    case 'CARD':
      return fold(raw).lower.replace(/\D/g, '');
    case 'IBAN':
      return fold(raw)
        .text.toUpperCase()
        .replace(/[^A-Z0-9]/g, '');
    case 'NATIONAL_ID':
    case 'DOCUMENT_ID':
    case 'BANK_ID':
    case 'VIN':
    case 'MAC':
      return fold(raw).lower.replace(/[^\p{L}\p{N}]/gu, '');
    case 'CRYPTO':
      // Its case is part of it.
      return readableValue(raw);
    default:
      return readableValue(raw).toLowerCase().replaceAll('\u00df', 'ss').replace(/\s+/g, ' ').trim();
  }
}

/** `+` and digits; 00 counts as +, the trunk zero in +49 (0)30 is dropped, an extension follows an x. */
function canonicalPhone(lower: string): string {
  const [, number = lower, extension = ''] =
    /^(.*?)(?: ?(?:x|ext\.?|extension|durchwahl) ?(\d{1,6}))?$/.exec(lower) ?? [];
  const international = /^\(?(?:\+|00)/.test(number);
  const dialled = international ? number.replace(/\(0\)/g, '') : number;
  const digits = dialled.replace(/\D/g, '').replace(international ? /^00/ : /^$/, '');
  return `${international ? '+' : ''}${digits}${extension ? `x${extension}` : ''}`;
}
