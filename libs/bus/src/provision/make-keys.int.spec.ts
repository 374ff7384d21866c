import { createPublicKey, sign, verify } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@signalbox/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyPairs, makeKeys } from './make-keys.js';
import { renderServer } from './render-server.js';

let keysDir: string;
beforeEach(() => {
  keysDir = join(mkdtempSync(join(tmpdir(), 'signalbox-keys-')), 'keys');
});
afterEach(() => rmSync(join(keysDir, '..'), { recursive: true, force: true }));

const read = (path: string): string => readFileSync(join(keysDir, path), 'utf8');
const everyFile = (): string[] =>
  readdirSync(keysDir).flatMap((owner) => readdirSync(join(keysDir, owner)).map((file) => `${owner}/${file}`));

describe('makeKeys', () => {
  it('gives each service its own files and no other’s, closed to everyone else', () => {
    makeKeys(keysDir, ['acme']);
    const mode = (path: string): string => (statSync(join(keysDir, path)).mode & 0o777).toString(8);
    expect(new Set(everyFile().map(mode))).toEqual(new Set(['600']));
    expect(new Set(['.', ...readdirSync(keysDir)].map(mode))).toEqual(new Set(['700']));
    expect(readdirSync(join(keysDir, 'gateway')).toSorted()).toEqual(['gate.nk', 'msgid.key']);
    expect(readdirSync(join(keysDir, 'policy')).toSorted()).toEqual([
      'admin.token',
      'api-key-acme.digest',
      'bundle-sign.key',
      'bundle-sign.pub',
      'core.nk',
      'msgid.key',
      'pair-audit-policy.key',
      'pair-guard-policy.key',
      'vault-x25519.pub',
    ]);
    const privateHalves = everyFile().filter(
      (file) => /gate-sign\.key|bundle-sign\.key|vault/.test(file) && !file.endsWith('.pub'),
    );
    expect(privateHalves.toSorted()).toEqual([
      'guard/gate-sign.key',
      'guard/vault-x25519.key',
      'guard/vault.key',
      'policy/bundle-sign.key',
    ]);
  });

  it('shares what must be shared and nothing else', () => {
    makeKeys(keysDir, ['acme']);
    expect(read('guard/pair-guard-inference.key')).toBe(read('inference/pair-guard-inference.key'));
    expect(read('guard/pseudonym.key')).toBe(read('tool-runner/pseudonym.key'));
    expect(read('cli/admin.token')).toBe(read('audit/admin.token'));
    expect(read('guard/msgid.key')).not.toBe(read('router/msgid.key'));
    const signature = sign(null, Buffer.from('entry'), read('guard/gate-sign.key'));
    expect(verify(null, Buffer.from('entry'), createPublicKey(read('audit/gate-sign.pub')), signature)).toBe(true);
    const key = read('cli/api-key-acme.key').trim();
    expect(key).toMatch(/^sb_acme_[A-Za-z0-9_-]{43}$/);
    expect(read('policy/api-key-acme.digest').trim()).toBe(sha256Hex(sha256Hex(key)));
  });

  it('has a key for every pair that the registry’s seals name', () => {
    expect(
      keyPairs()
        .map((pair) => pair.join('-'))
        .toSorted(),
    ).toEqual([
      'archivist-router',
      'audit-guard',
      'audit-policy',
      'audit-router',
      'audit-tool-runner',
      'guard-inference',
      'guard-policy',
      'guard-tool-runner',
      'inference-router',
      'memory-router',
      'router-router',
      'router-tool-runner',
    ]);
  });

  it('keeps what exists, adds a tenant, and restores a copy that is gone', () => {
    makeKeys(keysDir, ['acme']);
    const before = new Map(everyFile().map((file) => [file, read(file)]));
    rmSync(join(keysDir, 'audit', 'gate-sign.pub'));
    const { made } = makeKeys(keysDir, ['acme', 'globex']);
    expect(made.toSorted()).toEqual(['cli/api-key-globex.key', 'cli/tenant-globex.nk', 'policy/api-key-globex.digest']);
    for (const [file, text] of before) expect(read(file)).toBe(text);
    expect(makeKeys(keysDir, ['acme', 'globex']).made).toEqual([]);
  });

  it('refuses to choose between two keys, or to replace a lost private half', () => {
    makeKeys(keysDir, []);
    writeFileSync(join(keysDir, 'tool-runner', 'pseudonym.key'), 'another\n');
    expect(() => makeKeys(keysDir, [])).toThrow(/different pseudonym\.key/);
    rmSync(join(keysDir, 'tool-runner', 'pseudonym.key'));
    rmSync(join(keysDir, 'guard', 'gate-sign.key'));
    expect(() => makeKeys(keysDir, [])).toThrow(/gate-sign\.key is missing/);
  });

  it('takes no tenant whose name could leave its place', () => {
    expect(() => makeKeys(keysDir, ['../evil'])).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(existsSync(keysDir)).toBe(false);
  });
});

describe('renderServer', () => {
  it('says which key is missing', () => {
    expect(() => renderServer({ keysDir, port: 4_222, tenants: [] })).toThrow(/gateway\/gate\.nk is missing/);
  });

  it('holds no secret, no permission to answer anybody, and the same text for the same keys', () => {
    makeKeys(keysDir, ['acme', 'globex']);
    const config = renderServer({ keysDir, port: 4_222, tenants: ['acme', 'globex'], storeDir: '/var/lib/nats' });
    for (const file of everyFile().filter((name) => !name.endsWith('.pub')))
      expect(config).not.toContain(read(file).trim());
    expect(config).not.toMatch(/allow_responses|no_auth_user|password/);
    expect(config).toContain('store_dir: "/var/lib/nats"');
    expect(renderServer({ keysDir, port: 4_222, tenants: ['acme', 'globex'], storeDir: '/var/lib/nats' })).toBe(config);
  });
});
