import { type DataClass, PII_CLASSES, type RedactionAction, type RedactionRule } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { Rendering } from '../pseudonyms/rendering.js';
import { restoreText } from '../pseudonyms/restore.js';
import { findTokens } from '../pseudonyms/token.js';
import { assertNotBlocked, countFound, joinCleaned } from '../redaction/found.js';
import { redactJson } from '../redaction/redact-json.js';
import { redactText } from '../redaction/redact-text.js';
import type { KnownValue } from '../recognisers/known-values.js';
import { defaultActionOf, mayTreat } from './actions.js';
import { type RedactionDefinitions, TenantRulesets } from './tenant-rulesets.js';

const KEY = 'AKIAABCDEFGHIJKLMNOP';
const TEXT = `Write to anna@example.org or call +49 30 1234567; key ${KEY}, case AB-1234, in Paris.`;
const tenantKey = Buffer.alloc(32, 3);
const rule = (name: DataClass, action: RedactionAction, more: Partial<RedactionRule> = {}): RedactionRule => ({
  id: `${name}-${action}`,
  class: name,
  action,
  description: '',
  ...more,
});
const pattern = { id: 'case', class: 'X_CASE' as const, pattern: '\\a{2}-\\d{4}', description: '' };
const definitions = (...rules: RedactionRule[]): RedactionDefinitions => ({ rules, patterns: [pattern] });
const rulesets = new TenantRulesets();
const clean = (of: RedactionDefinitions, gate: 'ingress' | 'model' | 'tool' = 'tool', text = TEXT) =>
  redactText(text, { ruleset: rulesets.forGate(of, gate), tenantKey });

describe('rules of a tenant', () => {
  it('without any, classes have their defaults; a secret is blocked where people send it', () => {
    const { text, findings, blocked } = clean(definitions());
    expect(text).toMatch(
      /^Write to \[\[EMAIL:\w{20}\]\] or call \[\[PHONE:\w{20}\]\]; key \[\[SECRET\]\], case \[\[X_CASE:\w{20}\]\], in Paris\.$/,
    );
    expect(findings).toEqual([
      { class: 'EMAIL', recogniser: 'email', action: 'pseudonymise', count: 1 },
      { class: 'PHONE', recogniser: 'phone', action: 'pseudonymise', count: 1 },
      { class: 'SECRET', recogniser: 'secret', action: 'mask', count: 1 },
      { class: 'X_CASE', recogniser: 'pattern-case', action: 'pseudonymise', count: 1 },
    ]);
    expect(blocked).toEqual([]);
    const at = TEXT.indexOf(KEY);
    expect(clean(definitions(), 'ingress').blocked).toEqual([
      { class: 'SECRET', recogniser: 'secret', at: [at, at + KEY.length] },
    ]);
  });

  it.each([
    ['mask', '[[EMAIL]]'],
    ['hash', /^\[\[EMAIL#\w{20}\]\]$/],
    ['remove', ''],
    ['allow', 'anna@example.org'],
  ] as const)('%s leaves %s', (action, wanted) => {
    const of = definitions(rule('EMAIL', action));
    const { text, found, findings } = clean(of);
    const left = /^Write to (.*?) or call/.exec(text)?.[1];
    if (typeof wanted === 'string') expect(left).toBe(wanted);
    else expect(left).toMatch(wanted);
    expect(found.map((one) => one.class)).toEqual(['PHONE', 'X_CASE']);
    if (action !== 'allow')
      expect(findings[0]).toEqual({ class: 'EMAIL', recogniser: 'email', action, rule: `EMAIL-${action}`, count: 1 });
    // There is no way back, and what was not found twice is the same both times.
    expect(findTokens(left ?? '')).toEqual([]);
    expect(clean(of).text).toBe(text);
  });

  it('hold at the gates that they name, and turn on classes that are let through', () => {
    const of = definitions(rule('EMAIL', 'mask', { gates: ['model'] }), rule('PLACE', 'remove'));
    expect(clean(of, 'model').text).toContain('[[EMAIL]]');
    expect(clean(of, 'tool').text).toMatch(/\[\[EMAIL:.*, in \.$/);
  });

  it('keep a text of their own class as it is where it is allowed, and hide nothing of ours by it', () => {
    const numbers = { id: 'n', class: 'X_N' as const, pattern: '\\+?[\\d ]{9,30}', description: '' };
    const of = { rules: [rule('X_N', 'allow')], patterns: [numbers] };
    expect(clean(of, 'tool', 'order 030 1234567 of card 4111 1111 1111 1111').text).toMatch(
      /^order 030 1234567 of card \[\[CARD:/,
    );
  });

  it('never let a secret through', () => {
    for (const action of ['allow', 'hash', 'pseudonymise'] as const) {
      expect(mayTreat('SECRET', action)).toBe(false);
      expect(() => clean(definitions(rule('SECRET', action)))).toThrow(
        expect.objectContaining({ code: 'BUNDLE_INVALID' }),
      );
    }
    expect(clean(definitions(rule('SECRET', 'remove')), 'ingress').text).toContain('key , case');
  });

  it('name what is refused and where, never the value', () => {
    const { blocked } = clean(definitions(rule('EMAIL', 'block')), 'ingress');
    expect(() => assertNotBlocked({ blocked }, 'Message 1')).toThrow(
      'Message 1 holds EMAIL at characters 10 to 25, and 1 more (recogniser email); it is refused by the redaction rule EMAIL-block.',
    );
    const ruleset = rulesets.forGate(definitions(), 'ingress');
    const nested = redactJson(JSON.stringify({ note: KEY }), { ruleset, tenantKey });
    expect(() => assertNotBlocked(nested, 'It')).toThrow('It holds SECRET inside JSON or base64');
    expect(JSON.stringify(nested)).not.toContain(KEY);
  });

  it('count what fired over several texts', () => {
    const of = definitions(rule('PHONE', 'mask'));
    const both = joinCleaned([clean(of), clean(of)]);
    expect(countFound(both)).toEqual({ EMAIL: 1, PHONE: 2, SECRET: 2, X_CASE: 1 });
    expect(both.findings.map(({ class: name, count }) => `${name} ${count}`)).toEqual([
      'EMAIL 2',
      'PHONE 2',
      'SECRET 2',
      'X_CASE 2',
    ]);
  });

  it('have one name for the same rules, whoever compiles them, and another for others', () => {
    const name = (of: RedactionDefinitions): string => new TenantRulesets().forGate(of, 'tool').name;
    expect(name({ rules: [], patterns: [] })).toBe('balanced-2');
    expect(name(definitions())).toMatch(/^balanced-2-[0-9a-f]{12}$/);
    expect(name(definitions())).toBe(rulesets.forGate(definitions(), 'model', ['Anna']).name);
    expect(name(definitions(rule('AGE', 'mask')))).not.toBe(name(definitions()));
  });

  it('give their own class a rendering, and it comes back', () => {
    const { text, found } = clean(definitions());
    const rendering = Rendering.of([text]);
    const spoken = rendering.render(text);
    expect(spoken).toContain('case [X_CASE_1]');
    const values = new Map(found.map(({ token, value }) => [token, value]));
    expect(restoreText(rendering.unrender(spoken), values)).toContain('case AB-1234');
    expect(clean(definitions(), 'tool', 'typed [X_CASE_1]').text).toBe('typed (X_CASE_1)');
  });
});

it('every class has a default at every gate, and it may be what it is', () => {
  for (const name of PII_CLASSES)
    for (const gate of ['ingress', 'model', 'tool'] as const)
      expect(mayTreat(name, defaultActionOf(name, gate))).toBe(true);
});

describe('what a model found', () => {
  const none: RedactionDefinitions = { rules: [], patterns: [] };
  const read = (text: string, modelled: KnownValue[], of = none) =>
    redactText(text, { ruleset: rulesets.forGate(of, 'ingress', [], { modelled }), tenantKey });
  const person = (value: string): KnownValue => ({ class: 'PERSON', value });
  const shape = (text: string): string => text.replace(/\[\[(\w+):\w{20}\]\]/g, '<$1>');

  it('is taken wherever the text says it, in every spelling, and told as the model found it', () => {
    const { text, findings, found } = read('zorblatt qux asks: where is ZORBLATT  qux? Not zorblatt quxley.', [
      person('Zorblatt Qux'),
      person('ZORBLATT  qux'),
    ]);
    expect(shape(text)).toBe('<PERSON> asks: where is <PERSON>? Not zorblatt quxley.');
    expect(findings).toEqual([{ class: 'PERSON', recogniser: 'model', action: 'pseudonymise', count: 2 }]);
    expect(found).toHaveLength(1);
  });

  it('stands between letters where a script has no spaces', () => {
    expect(shape(read('我叫王小明。', [person('王小明')]).text)).toBe('我叫<PERSON>。');
  });

  it.each([
    ['a shape', 'Write to anna@example.org now.', [person('anna'), person('example')]],
    ['a longer name', 'Her name is Anna Schmidt.', [person('Anna')]],
    ['a key', `The key is ${KEY}.`, [person(KEY.slice(4))]],
  ])('takes nothing from %s', (_, text, modelled) => {
    expect(read(text, modelled).text).toBe(read(text, []).text);
    expect(read(text, []).text).not.toBe(text);
  });

  it('wins over words that are let through as something else', () => {
    expect(read('Tell me about Paris today.', []).text).toBe('Tell me about Paris today.');
    expect(shape(read('Tell me about Paris today.', [person('Paris')]).text)).toBe('Tell me about <PERSON> today.');
  });

  it('is let through where its class is, and blocked where a rule says so', () => {
    expect(read('It is in Paris.', [{ class: 'PLACE', value: 'Paris' }]).text).toBe('It is in Paris.');
    const { blocked } = read('It is zorblatt.', [person('zorblatt')], {
      rules: [rule('PERSON', 'block')],
      patterns: [],
    });
    expect(blocked).toMatchObject([{ class: 'PERSON', recogniser: 'model' }]);
  });

  it('costs no more than the text is long', () => {
    const modelled = Array.from({ length: 2_000 }, (_, n) => person(`a${n.toString(36)} ${'a '.repeat(90)}b`));
    const cost = (chars: number): number => {
      const text = 'a '.repeat(chars / 2);
      const began = performance.now();
      read(text, modelled);
      return performance.now() - began;
    };
    cost(10_000);
    expect(cost(200_000)).toBeLessThan(60 * cost(20_000) + 200);
  });
});
