import { describe, expect, it } from 'vitest';
import { tokenFor } from '../pseudonyms/token.js';
import { generateVaultKeys, tenantPseudonymKey } from './keys.js';
import { decryptValue, encryptValue, openFromVault, openText, sealForVault, sealText } from './seal.js';

const master = Buffer.alloc(32, 9);
const token = tokenFor(tenantPseudonymKey(master, 'acme'), 'EMAIL', 'anna@x.de');
const item = { tenant: 'acme', token, class: 'EMAIL', value: 'änna@x.de' } as const;
const invalid = expect.objectContaining({ code: 'SEAL_INVALID' });

function flipped(sealed: string, at: number): string {
  const bytes = Buffer.from(sealed, 'base64url');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString('base64url');
}

describe('sealForVault', () => {
  const keys = generateVaultKeys();

  it('is opened by the private key alone, and never looks the same twice', () => {
    const sealed = sealForVault(keys.publicKey, item);
    expect(openFromVault(keys, item, sealed)).toEqual(item);
    expect(sealForVault(keys.publicKey, item)).not.toBe(sealed);
    expect(() => openFromVault(generateVaultKeys(), item, sealed)).toThrow(invalid);
  });

  it('is bound to tenant and token, and to every byte', () => {
    const sealed = sealForVault(keys.publicKey, item);
    expect(() => openFromVault(keys, { ...item, tenant: 'other' }, sealed)).toThrow(invalid);
    expect(() => openFromVault(keys, { ...item, token: token.replace('EMAIL', 'PHONE') }, sealed)).toThrow(invalid);
    const length = Buffer.from(sealed, 'base64url').length;
    for (let at = 0; at < length; at += 1)
      expect(() => openFromVault(keys, item, flipped(sealed, at))).toThrow(invalid);
    for (const junk of ['', 'AQ', 'x'.repeat(100)]) expect(() => openFromVault(keys, item, junk)).toThrow(invalid);
  });

  it('refuses a key that is none, without quoting it', () => {
    expect(() => sealForVault('AAAA', item)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('encryptValue', () => {
  it('is read with the same master key, tenant and token only', () => {
    const encrypted = encryptValue(master, item);
    expect(decryptValue(master, item, encrypted)).toBe(item.value);
    expect(() => decryptValue(Buffer.alloc(32, 8), item, encrypted)).toThrow(invalid);
    expect(() => decryptValue(master, { ...item, tenant: 'other' }, encrypted)).toThrow(invalid);
    expect(() => decryptValue(master, { ...item, token: 'x' }, encrypted)).toThrow(invalid);
    expect(() => decryptValue(master, item, flipped(encrypted, 20))).toThrow(invalid);
    expect(() => decryptValue(master, item, '')).toThrow(invalid);
  });

  it('needs a master key of 32 bytes', () => {
    expect(() => encryptValue(Buffer.alloc(16), item)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('tenantPseudonymKey', () => {
  it('is the same every time and another for each tenant', () => {
    expect(tenantPseudonymKey(master, 'acme')).toEqual(tenantPseudonymKey(master, 'acme'));
    expect(tenantPseudonymKey(master, 'acme')).not.toEqual(tenantPseudonymKey(master, 'acme2'));
    expect(tenantPseudonymKey(master, 'acme')).toHaveLength(32);
  });
});

describe('a text sealed for the guard', () => {
  const keys = generateVaultKeys();
  const address = { tenant: 'acme', token: 'daily' };

  it('opens for the keys, tenant and name that it was sealed for, and for nothing else', () => {
    const sealed = sealText(keys.publicKey, address, 'Write to ann@example.com.');
    expect(openText(keys, address, sealed)).toBe('Write to ann@example.com.');
    const wrong = [
      () => openText(generateVaultKeys(), address, sealed),
      () => openText(keys, { ...address, tenant: 'globex' }, sealed),
      () => openText(keys, { ...address, token: 'weekly' }, sealed),
      () => openText(keys, address, `${sealed.slice(0, -2)}AA`),
      () => openFromVault(keys, address, sealed),
    ];
    for (const open of wrong) expect(open).toThrow(expect.objectContaining({ code: 'SEAL_INVALID' }) as Error);
  });
});
