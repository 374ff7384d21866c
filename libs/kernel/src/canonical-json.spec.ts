import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256Hex } from './canonical-json.js';

describe('canonicalJson', () => {
  it('writes numbers as RFC 8785 does (its appendix B)', () => {
    const numbers: [number, string][] = [
      [0, '0'],
      [-0, '0'],
      [5e-324, '5e-324'],
      [-5e-324, '-5e-324'],
      [1.7976931348623157e308, '1.7976931348623157e+308'],
      [9_007_199_254_740_992, '9007199254740992'],
      [295_147_905_179_352_830_000, '295147905179352830000'],
      [1e21, '1e+21'],
      [9.999999999999997e22, '9.999999999999997e+22'],
      [0.000001, '0.000001'],
      [1e-7, '1e-7'],
      [333_333_333.3333333, '333333333.3333333'],
    ];
    for (const [number, text] of numbers) expect(canonicalJson(number)).toBe(text);
  });

  it('escapes only what must be', () => {
    expect(canonicalJson('€$\u000f\nA\'B"\\\\"/\u007f\u2028💡')).toBe(
      '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f\u2028💡"',
    );
  });

  it('sorts keys by UTF-16 code units, at every depth', () => {
    const keys = ['€', '\r', '\ufb33', '1', '💡', '\u0080', 'ö', '10', '2', 'a', 'B'];
    const value = Object.fromEntries(keys.map((key) => [key, { b: 1, a: 2 }]));
    const written = [...canonicalJson(value).matchAll(/"((?:[^"\\]|\\.)*)":\{"a":2,"b":1\}/g)].map(
      ([, key]) => JSON.parse(`"${key}"`) as string,
    );
    expect(written).toEqual(['\r', '1', '10', '2', 'B', 'a', '\u0080', 'ö', '€', '💡', '\ufb33']);
  });

  it('leaves out undefined properties and keeps the place of undefined items and holes', () => {
    expect(canonicalJson({ a: undefined, b: [undefined, { c: undefined }, [undefined]] })).toBe(
      '{"b":[null,{},[null]]}',
    );
    // oxlint-disable-next-line no-sparse-arrays
    expect(canonicalJson([1, , 2])).toBe('[1,null,2]');
  });

  it.each([
    ['undefined', undefined],
    ['NaN', NaN],
    ['infinity', -Infinity],
    ['a function', { a: () => 1 }],
    ['a symbol', [Symbol('x')]],
    ['a big integer', 1n],
    ['a date', new Date(0)],
    ['a map', new Map([['a', 1]])],
    ['bytes', new Uint8Array(1)],
    ['what writes itself', { toJSON: () => 1 }],
  ])('refuses %s instead of writing something else', (_, value) => {
    expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('refuses what is nested too deep, cycles with it', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => canonicalJson(cycle)).toThrow(expect.objectContaining({ code: 'PAYLOAD_TOO_DEEP' }));
  });

  it('gives equal bytes for equal values, and JSON that says the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        const parsed: unknown = JSON.parse(text);
        expect(parsed).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(parsed)).toBe(text);
        expect(canonicalJson(reversed(parsed))).toBe(text);
      }),
    );
  });

  it('is hashed as UTF-8', () => {
    expect(sha256Hex('ä')).toBe(sha256Hex(Uint8Array.from([0xc3, 0xa4])));
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});

/** The same value, its keys in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  );
}
