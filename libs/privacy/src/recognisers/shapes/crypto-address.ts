import { createHash } from 'node:crypto';

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const BECH32_GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** Constants of bech32 and bech32m (BIP 173, BIP 350). */
const BECH32_CHECKS = new Set([1, 0x2bc830a3]);
const BYTES = 25;
const CHECK_BYTES = 4;

/**
 * A Bitcoin address with its checksum (base58check, bech32 or bech32m), in its own case, or an Ethereum one, of which
 * only the shape is looked at: its checksum is optional.
 */
export function isCryptoAddress(word: string): boolean {
  if (/^0x[0-9a-f]{40}$/i.test(word)) return true;
  if (/^[13][1-9A-HJ-NP-Za-km-z]{25,34}$/.test(word)) return isBase58Check(word);
  return /^(?:bc|tb)1[02-9ac-hj-np-z]{8,87}$/i.test(word) && isBech32(word.toLowerCase());
}

function isBase58Check(word: string): boolean {
  let value = 0n;
  for (const char of word) value = value * 58n + BigInt(BASE58.indexOf(char));
  const hex = value.toString(16);
  if (hex.length > 2 * BYTES) return false;
  const bytes = Buffer.from(hex.padStart(2 * BYTES, '0'), 'hex');
  const sha = (data: Buffer): Buffer => createHash('sha256').update(data).digest();
  const body = bytes.subarray(0, BYTES - CHECK_BYTES);
  return sha(sha(body))
    .subarray(0, CHECK_BYTES)
    .equals(bytes.subarray(BYTES - CHECK_BYTES));
}

function isBech32(word: string): boolean {
  const prefix = word.slice(0, word.lastIndexOf('1'));
  const values = [
    ...Array.from(prefix, (char) => char.charCodeAt(0) >> 5),
    0,
    ...Array.from(prefix, (char) => char.charCodeAt(0) & 31),
    ...Array.from(word.slice(prefix.length + 1), (char) => BECH32.indexOf(char)),
  ];
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    for (const [i, generator] of BECH32_GENERATOR.entries()) if ((top >>> i) & 1) check ^= generator;
  }
  return BECH32_CHECKS.has(check >>> 0);
}
