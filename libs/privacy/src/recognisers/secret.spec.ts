import { describe, expect, it } from 'vitest';
import { redactJson } from '../redaction/redact-json.js';
import { redactText } from '../redaction/redact-text.js';
import { createRuleset } from '../ruleset.js';

const options = { ruleset: createRuleset(), tenantKey: Buffer.alloc(32, 3) };
const redact = (text: string): string => redactText(text, options).text;
const made = (prefix: string, count: number): string => prefix + 'a1B2c3D4e5F6g7H8i9J0'.repeat(9).slice(0, count);
const body = Array.from({ length: 20 }, () => made('MII', 61)).join('\n');

describe('secrets are masked for good', () => {
  it.each([
    ['a GitHub token', made('ghp_', 36)],
    ['a GitLab token', made('glpat-', 20)],
    ['a Slack token', made('xoxb-', 24)],
    ['an AWS key', 'AKIAIOSFODNN7EXAMPLE'],
    ['a Stripe key', made('sk_live_', 24)],
    ['a model provider key', made('sk-proj-', 40)],
    ['a Google key', made('AIza', 35)],
    ['an npm token', made('npm_', 36)],
    ['a JSON Web Token', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${made('', 43)}`],
    ['a key block', `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`],
  ])('%s', (_, secret) => {
    expect(redact(`use ${secret} here`)).toBe('use [[SECRET]] here');
  });

  it.each([
    ['password: hunter2!', 'password: [[SECRET]]'],
    ['my password is Tr0ub4dor, ok', 'my password is [[SECRET]], ok'],
    ['API_KEY="Zk39fQ8s7LmN2pQxW0"', 'API_KEY="[[SECRET]]"'],
    ['postgres://app:s3cr3t@db.internal/x', 'postgres://[[SECRET]]@db.internal/x'],
  ])('%j', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    'reset your password: today',
    'the token: a word that stands for a value',
    'password reset is possible',
    'api key: <your key>',
    'sk-ip this line',
    'sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  ])('not %j', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('are counted and kept nowhere', () => {
    const clean = redactJson({ apiKey: 'Zk39fQ8s7LmN2pQxW0', note: 'anna@x.de' }, options);
    expect(clean.value).toMatchObject({ apiKey: '[[SECRET]]' });
    expect(clean.masked).toEqual({ SECRET: 1 });
    expect(clean.found.map((one) => one.class)).toEqual(['EMAIL']);
  });
});
