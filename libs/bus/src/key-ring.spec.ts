import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { testFolder } from '@signalbox/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { KeyRing } from './key-ring.js';
import { makeKeys } from './provision/make-keys.js';

const root = testFolder('keys');
makeKeys(root, ['acme']);
afterAll(() => rmSync(root, { recursive: true }));

describe('the key ring', () => {
  it('gives secrets, keys and texts by their file name, with or without the suffix', () => {
    const guard = KeyRing.load(join(root, 'guard'));
    expect(guard.secret('msgid')).toHaveLength(32);
    expect(guard.secret('msgid.key')).toEqual(guard.secret('msgid'));
    expect(guard.privateKey('gate-sign').asymmetricKeyType).toBe('ed25519');
    expect(guard.publicKey('gate-sign').type).toBe('public');
    expect(guard.privateKey('vault-x25519.key').asymmetricKeyType).toBe('x25519');
    expect(KeyRing.load(join(root, 'audit')).text('admin.token')).not.toBe('');
    expect([
      guard.has('gate-sign.pub'),
      guard.has('gate-sign'),
      guard.has('bundle-sign.key'),
      guard.has('nothing'),
    ]).toEqual([true, true, false, false]);
    expect(KeyRing.pairName('router', 'memory')).toBe('pair-memory-router.key');
    expect(KeyRing.pairName('router', 'router')).toBe('pair-router-router.key');
  });

  it('names the file that is missing or wrong, and never what is in it', () => {
    const folder = testFolder('bad-keys');
    writeFileSync(join(folder, 'short.key'), 'c2VjcmV0');
    writeFileSync(join(folder, 'pem.key'), 'TOPSECRET');
    const keys = KeyRing.load(folder);
    for (const read of [
      () => keys.secret('none'),
      () => keys.secret('short'),
      () => keys.privateKey('pem'),
      () => keys.publicKey('none'),
      () => keys.text('none'),
    ]) {
      expect(read).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('SECRET') }),
      );
    }
    expect(() => KeyRing.load(join(folder, 'nowhere'))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(inspect(keys, { depth: 9 }) + JSON.stringify(keys)).not.toContain('TOPSECRET');
    rmSync(folder, { recursive: true });
  });
});
