import { generateKeyPairSync, sign } from 'node:crypto';
import { canonicalJson, sha256Hex } from '@signalbox/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bundle, faultOf, HOUR_MS, keys, NOW, signed, strangersKeys, tool } from '../bundle.fixture.js';
import { openBundle } from './open-bundle.js';
import { signBundle } from './sign-bundle.js';

const open = (value: unknown, options = {}): unknown => openBundle(value, keys.publicKey, { nowMs: NOW, ...options });
const fault = (value: unknown, options = {}): string => faultOf(() => open(value, options));

/** Signed well, but saying anything: what a faulty policy service could publish. */
function signedText(payload: string): unknown {
  const signature = sign(null, Buffer.from(payload), keys.privateKey).toString('base64url');
  return { payload, hash: sha256Hex(payload), keyId: 'k1', signature };
}

describe('openBundle', () => {
  it('gives back what was signed, from key objects and from PEM', () => {
    expect(open(signed())).toEqual(bundle());
    const privatePem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const publicPem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(openBundle(signBundle(bundle(), privatePem, 'k1'), publicPem, { nowMs: NOW })).toEqual(bundle());
  });

  it('signs equal bundles to equal bytes, whatever the order of their fields', () => {
    const backwards = Object.fromEntries(Object.entries(bundle()).toReversed()) as ReturnType<typeof bundle>;
    expect(signBundle(backwards, keys.privateKey, 'k1')).toEqual(signed());
  });

  it('refuses any change of a single character of payload, hash or signature', () => {
    const good = signed();
    const field = fc.constantFrom('payload', 'hash', 'signature');
    fc.assert(
      fc.property(field, fc.nat(), fc.integer({ min: 0x20, max: 0x7e }), (name, at, code) => {
        const text = good[name as 'payload'];
        // The last character of a signature carries padding bits that do not count.
        const index = at % (text.length - 1);
        const character = String.fromCharCode(code);
        fc.pre(text[index] !== character && !(name === 'signature' && /[+/]/.test(character)));
        const changed = { ...good, [name]: text.slice(0, index) + character + text.slice(index + 1) };
        expect(fault(changed)).toMatch(/^BUNDLE_INVALID (format|hash|signature)$/);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a payload whose hash was made to fit, and another signer', () => {
    const good = signed();
    const payload = good.payload.replace('"version":1', '"version":2');
    expect(fault({ ...good, payload, hash: sha256Hex(payload) })).toBe('BUNDLE_INVALID signature');
    expect(fault(signBundle(bundle(), strangersKeys.privateKey, 'k1'))).toBe('BUNDLE_INVALID signature');
    expect(faultOf(() => openBundle(good, strangersKeys.publicKey, { nowMs: NOW }))).toBe('BUNDLE_INVALID signature');
  });

  it('refuses what is no signed bundle', () => {
    for (const value of [null, undefined, 7, 'text', [], {}, { ...signed(), payload: 7 }]) {
      expect(fault(value)).toBe('BUNDLE_INVALID format');
    }
  });

  it('refuses well-signed text that is not a bundle in canonical JSON', () => {
    expect(fault(signedText('{'))).toBe('BUNDLE_INVALID format');
    expect(fault(signedText(JSON.stringify(bundle(), null, 1)))).toBe('BUNDLE_INVALID format');
    expect(fault(signedText('['.repeat(200_000) + ']'.repeat(200_000)))).toBe('BUNDLE_INVALID format');
    expect(fault(signedText('{"a":1}'))).toBe('BUNDLE_INVALID schema');
    expect(fault(signedText(canonicalJson({ ...bundle(), format: 2 })))).toBe('BUNDLE_INVALID schema');
    expect(fault(signedText(canonicalJson({ ...bundle(), rules: [{ id: 'r', effect: 'maybe' }] })))).toBe(
      'BUNDLE_INVALID schema',
    );
  });

  it('refuses the expired, the rolled back and the bundle of another tenant', () => {
    const life = 24 * HOUR_MS;
    expect(open(signed(), { nowMs: NOW + life - 1 })).toEqual(bundle());
    expect(fault(signed(), { nowMs: NOW + life })).toBe('BUNDLE_INVALID expired');
    expect(open(signed({ version: 3 }), { floor: 3 })).toMatchObject({ version: 3 });
    expect(fault(signed({ version: 3 }), { floor: 4 })).toBe('BUNDLE_INVALID rollback');
    expect(fault(signed(), { tenant: 'other' })).toBe('BUNDLE_INVALID tenant');
    expect(open(signed(), { tenant: 'demo' })).toEqual(bundle());
  });

  it('takes only Ed25519 keys, and says nothing of their text', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    expect(faultOf(() => signBundle(bundle(), rsa.privateKey, 'k1'))).toBe('CONFIG_INVALID');
    expect(faultOf(() => signBundle(bundle(), keys.publicKey, 'k1'))).toBe('CONFIG_INVALID');
    expect(faultOf(() => openBundle(signed(), rsa.publicKey, { nowMs: NOW }))).toBe('CONFIG_INVALID');
    expect(() => openBundle(signed(), 'not a key', { nowMs: NOW })).toThrow(/not a public Ed25519 key/);
  });

  it('does not sign what the contract does not hold, nor what is too long', () => {
    expect(faultOf(() => signBundle(bundle({ version: 0 }), keys.privateKey, 'k1'))).toBe('REQUEST_INVALID');
    const long = Array.from({ length: 500 }, (_, n) => ({ ...tool(`t${n}`), description: 'x'.repeat(2_000) }));
    expect(faultOf(() => signBundle(bundle({ tools: [...bundle().tools, ...long] }), keys.privateKey, 'k1'))).toBe(
      'PAYLOAD_TOO_LARGE',
    );
  });
});
