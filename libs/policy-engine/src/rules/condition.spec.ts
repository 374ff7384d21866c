import type { RuleCondition } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { compileCondition, isSoundCondition } from './condition.js';

const test = (op: RuleCondition['op'], value: RuleCondition['value'], argument: unknown): string =>
  compileCondition({ pointer: '/x', op, value })({ x: argument });

const at = (pointer: string, args: unknown): string => compileCondition({ pointer, op: 'equals', value: 'v' })(args);

describe('compileCondition', () => {
  it('compares exactly, and knows nothing of other kinds', () => {
    expect(test('equals', 'a', 'a')).toBe('yes');
    expect(test('equals', 'a', 'A')).toBe('no');
    expect(test('equals', '\u00e9', 'e\u0301')).toBe('no');
    expect(test('equals', '5', 5)).toBe('unknown');
    expect(test('equals', 5, '5')).toBe('unknown');
    expect(test('equals', true, 'true')).toBe('unknown');
    expect(test('equals', false, null)).toBe('unknown');
    expect(test('equals', 0, -0)).toBe('yes');
    expect(test('equals', ['a', 'b'], ['a', 'b'])).toBe('yes');
    expect(test('equals', ['a', 'b'], ['b', 'a'])).toBe('no');
    expect(test('equals', ['a'], 'a')).toBe('unknown');
  });

  it('tests lists, prefixes and bounds', () => {
    expect(test('oneOf', ['a', 'b'], 'b')).toBe('yes');
    expect(test('oneOf', ['a', 'b'], 'c')).toBe('no');
    expect(test('oneOf', [], 'c')).toBe('no');
    expect(test('oneOf', ['a'], ['a'])).toBe('unknown');
    expect(test('startsWith', '/data/', '/data/x')).toBe('yes');
    expect(test('startsWith', '/data/', '/DATA/x')).toBe('no');
    expect(test('startsWith', 'a', { startsWith: 'a' })).toBe('unknown');
    expect(test('atMost', 10, 10)).toBe('yes');
    expect(test('atMost', 10, 10.5)).toBe('no');
    expect(test('atMost', 10, '9')).toBe('unknown');
    expect(test('urlHost', 'example.com', 'https://example.com/')).toBe('yes');
    expect(test('urlHost', ['a.org', '*.example.com'], 'https://x.example.com/')).toBe('yes');
    expect(test('urlHost', [], 'https://example.com/')).toBe('no');
    expect(test('urlHost', 'example.com', 'https://evil.org/')).toBe('no');
    expect(test('urlHost', 'example.com', 'no url')).toBe('unknown');
    expect(test('urlHost', 'example.com', ['https://example.com/'])).toBe('unknown');
  });

  it('never evaluates a condition whose value its operator cannot take', () => {
    const unsound: [RuleCondition['op'], RuleCondition['value']][] = [
      ['oneOf', 'a'],
      ['startsWith', 1],
      ['startsWith', ['a']],
      ['atMost', '10'],
      ['urlHost', 7],
      ['urlHost', ['example.com', 'https://bad/']],
      ['urlHost', '*'],
    ];
    for (const [op, value] of unsound) {
      expect([op, isSoundCondition({ pointer: '/x', op, value })]).toEqual([op, false]);
      for (const argument of ['a', 1, true, [], 'https://example.com/'])
        expect(test(op, value, argument)).toBe('unknown');
    }
  });

  it('follows pointers through own properties and array items alone', () => {
    const args = { 'a/b': { '~': ['n', { '': 'v' }] }, list: ['v'] };
    expect(at('/a~1b/~0/1/', args)).toBe('yes');
    expect(at('/list/0', args)).toBe('yes');
    for (const absent of [
      '/list/1',
      '/list/00',
      '/list/-',
      '/list/length',
      '/list/0/0',
      '/__proto__',
      '/constructor/name',
      '/toString',
      '/none/x',
    ]) {
      expect([absent, at(absent, args)]).toEqual([absent, 'unknown']);
    }
    expect(at('/__proto__', JSON.parse('{"__proto__":"v"}'))).toBe('yes');
    expect(at('/~2', { '~2': 'v' })).toBe('unknown');
    expect(compileCondition({ pointer: '', op: 'equals', value: 'v' })('v')).toBe('yes');
  });
});
