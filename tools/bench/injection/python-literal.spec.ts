import { describe, expect, it } from 'vitest';
import { parsePython } from './python-literal.ts';

describe('parsePython', () => {
  it.each([
    ["{'a': 'x', \"b\": [1, -2.5, True, None], 'c': {}}", { a: 'x', b: [1, -2.5, true, null], c: {} }],
    ["{'name': \"Doctor's\", 'n': ('x', )}", { name: "Doctor's", n: ['x'] }],
    [String.raw`'it\'s\n"so"'`, 'it\'s\n"so"'],
    ['  [ ]  ', []],
  ])('reads %s', (text, value) => {
    expect(parsePython(text)).toEqual(value);
  });

  it.each(['', '{', "{'a' 1}", "'open", '[1 2]', 'undefined', '1 2', '['.repeat(100)])('refuses %j', (text) => {
    expect(() => parsePython(text)).toThrow(/unexpected/);
  });
});
