import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pointsWithin, leavesOf, parsePointer, pointerBelow, valueAt } from './json-pointer.js';

describe('JSON pointers', () => {
  it('lead back to every leaf', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        for (const [pointer, leaf] of leavesOf(value, 1_000)) expect(valueAt(value, parsePointer(pointer)!)).toBe(leaf);
      }),
    );
  });

  it('name what needs it with escapes, and items by number', () => {
    expect(leavesOf({ 'a/b': [{ '~': 1 }, null, true], c: {} }, 10)).toEqual([
      ['/a~1b/0/~0', 1],
      ['/a~1b/2', true],
    ]);
    expect(parsePointer(pointerBelow(pointerBelow('', '~1/'), 3))).toEqual(['~1/', '3']);
    expect(leavesOf(7, 10)).toEqual([['', 7]]);
  });

  it('stop one beyond the bound', () => {
    expect(
      leavesOf(
        Array.from({ length: 9 }, (_, n) => n),
        3,
      ),
    ).toHaveLength(4);
  });

  it('lie within what they lead through, and within nothing that is only spelt alike', () => {
    expect([
      pointsWithin('/to', '/to'),
      pointsWithin('/to/name', '/to'),
      pointsWithin('/token', '/to'),
      pointsWithin('/', '/to'),
    ]).toEqual([true, true, false, false]);
  });
});
