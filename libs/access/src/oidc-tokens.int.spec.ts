import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AccessConfig, accessConfig } from './access-config.js';
import { Issuer, type SigningKey, signingKey } from './issuer.fixture.js';
import { OidcTokens } from './oidc-tokens.js';
import { userIdOf } from './user-id.js';

const ROLES = JSON.stringify({
  platform: [{ role: 'admin', tenants: '*' }],
  acme: [{ role: 'author', tenants: ['acme'] }],
});

let issuer: Issuer;
let rsa: SigningKey;
let ec: SigningKey;
let ed: SigningKey;
let stranger: SigningKey;

const settings = (change: object = {}): AccessConfig =>
  z.object(accessConfig).parse({
    oidcIssuer: issuer.url,
    oidcAudience: 'signalbox',
    oidcJwksUrl: `${issuer.url}/keys`,
    oidcRoleMap: ROLES,
    oidcClockSkewS: '10',
    oidcRefetchMs: '0',
    ...change,
  });
const tokens = (change?: object): OidcTokens => new OidcTokens(settings(change));
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'taken',
    (error: unknown) => (error as { code: string }).code,
  );

beforeAll(async () => {
  issuer = await Issuer.start();
  [rsa, ec, ed, stranger] = await Promise.all([
    signingKey('RS256', 'rsa'),
    signingKey('ES256', 'ec'),
    signingKey('EdDSA', 'ed'),
    signingKey('ES256', 'ec'),
  ]);
});
beforeEach(() => {
  issuer.published = [rsa, ec, ed];
  issuer.says = undefined;
  issuer.asked = 0;
});
afterAll(() => issuer.stop());

describe('a token of the issuer', () => {
  it.each(['RS256', 'ES256', 'EdDSA'])('is taken when it is signed with %s', async (alg) => {
    const key = [rsa, ec, ed].find((one) => one.alg === alg)!;
    const holder = await tokens().holder(await issuer.token(key, { roles: ['acme', 'unknown', 7] }));
    expect(holder).toEqual({ userId: userIdOf(issuer.url, 'ann'), grants: [{ role: 'author', tenants: ['acme'] }] });
    expect(holder.userId).toMatch(/^user_[0-9a-z]{26}$/);
  });

  it('grants what the claim of the configuration says, and nothing by a name that objects have', async () => {
    const holder = (claims: object, change?: object) =>
      issuer.token(rsa, { ...claims }).then((token) => tokens(change).holder(token));
    const nested = { oidcRolesClaim: 'realm_access.roles' };
    expect((await holder({ realm_access: { roles: 'platform acme' } }, nested)).grants).toHaveLength(2);
    for (const roles of [undefined, 'constructor', ['__proto__', 'toString'], { platform: true }, 7, null])
      expect((await holder({ roles })).grants).toEqual([]);
  });

  it('is taken within the skew of the clocks', async () => {
    expect(await codeOf(tokens().holder(await issuer.token(rsa, {}, { exp: -5 })))).toBe('taken');
    expect(await codeOf(tokens().holder(await issuer.token(rsa, {}, { nbf: 5 })))).toBe('taken');
  });
});

describe('what is no token of the issuer', () => {
  const bad: Record<string, () => Promise<string>> = {
    'another issuer': () => issuer.token(rsa, { iss: 'https://elsewhere.example' }),
    'no issuer': () => issuer.token(rsa, { iss: undefined }),
    'another audience': () => issuer.token(rsa, { aud: ['other'] }),
    'no audience': () => issuer.token(rsa, { aud: undefined }),
    'no subject': () => issuer.token(rsa, { sub: undefined }),
    'an empty subject': () => issuer.token(rsa, { sub: '' }),
    'an end that has passed': () => issuer.token(rsa, {}, { exp: -60 }),
    'no end': () => issuer.token(rsa, {}, { exp: null }),
    'a beginning that is ahead': () => issuer.token(rsa, {}, { nbf: 60 }),
    'an unknown kid': () => issuer.token(rsa, {}, { kid: 'ghost' }),
    "another's signature under a known kid": () => issuer.token(stranger),
    'an altered body': async () => {
      const [head, body, signature] = (await issuer.token(rsa)).split('.');
      const claims = JSON.parse(Buffer.from(body!, 'base64url').toString()) as object;
      return [head, Buffer.from(JSON.stringify({ ...claims, sub: 'eve' })).toString('base64url'), signature].join('.');
    },
    'alg none': async () => {
      const [, body] = (await issuer.token(rsa)).split('.');
      return `${Buffer.from('{"alg":"none","kid":"rsa"}').toString('base64url')}.${body}.`;
    },
    'HS256 under the public key': async () => {
      const { SignJWT } = await import('jose');
      const now = Math.floor(Date.now() / 1_000);
      return new SignJWT({ iss: issuer.url, aud: 'signalbox', sub: 'ann', exp: now + 60 })
        .setProtectedHeader({ alg: 'HS256', kid: 'rsa' })
        .sign(new TextEncoder().encode(JSON.stringify(rsa.jwk)));
    },
    'no JSON': () => Promise.resolve('a.b.c'),
    'nothing at all': () => Promise.resolve('..'),
  };

  it.each(Object.entries(bad))('is refused: %s', async (_, make) => {
    expect(await codeOf(tokens().holder(await make()))).toBe('KEY_INVALID');
  });

  it('is any token where no issuer is configured', async () => {
    const none = new OidcTokens(z.object(accessConfig).parse({}));
    expect(await codeOf(none.holder(await issuer.token(rsa)))).toBe('KEY_INVALID');
    expect(issuer.asked).toBe(0);
  });
});

describe('the keys of the issuer', () => {
  it('are asked for once, and again when a token names a new one', async () => {
    const taker = tokens();
    issuer.published = [rsa];
    await Promise.all(Array.from({ length: 8 }, async () => taker.holder(await issuer.token(rsa))));
    await taker.holder(await issuer.token(rsa));
    expect(issuer.asked).toBe(1);
    issuer.published = [rsa, ec];
    expect(await codeOf(taker.holder(await issuer.token(ec)))).toBe('taken');
    expect(issuer.asked).toBe(2);
  });

  it('are not asked for again and again for keys that are made up', async () => {
    const taker = tokens({ oidcRefetchMs: '60000' });
    await taker.holder(await issuer.token(rsa));
    for (let n = 0; n < 5; n++)
      expect(await codeOf(taker.holder(await issuer.token(rsa, {}, { kid: `ghost-${n}` })))).toBe('KEY_INVALID');
    expect(issuer.asked).toBe(1);
  });

  it.each([
    ['does not answer', 'nothing' as const],
    ['fails', { status: 500, body: '' }],
    ['answers what is no JSON', { status: 200, body: '<html>' }],
    ['answers what are no keys', { status: 200, body: '{"keys":7}' }],
    ['answers without end', { status: 200, body: `{"keys":[],"x":"${'x'.repeat(300_000)}"}` }],
  ])('cannot be had when it %s, and are asked for again', async (_, says) => {
    const taker = tokens({ oidcTimeoutMs: '300' });
    issuer.says = says;
    expect(await codeOf(taker.holder(await issuer.token(rsa)))).toBe('ISSUER_UNAVAILABLE');
    issuer.says = undefined;
    expect(await codeOf(taker.holder(await issuer.token(rsa)))).toBe('taken');
  });
});

it('asks for the whole of the configuration, and keys by https', () => {
  expect(() => tokens({ oidcAudience: undefined })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  expect(() => settings({ oidcJwksUrl: 'http://elsewhere.example/keys' })).toThrow(/https/);
  expect(() => settings({ oidcRoleMap: '{' })).toThrow(/JSON/);
  expect(() => settings({ oidcRoleMap: '{"a":[{"role":"god","tenants":"*"}]}' })).toThrow();
});
