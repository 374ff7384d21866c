import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinAll, joinLabels, Label, mayRead, ORIGINS_MAX, READERS_MAX, TRUSTED } from './label.js';

const names = (prefix: string, count: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.nat(count), { maxLength: count }).map((ids) => ids.map((id) => `${prefix}${id}`).toSorted());

const label: fc.Arbitrary<Label> = fc.record({
  integrity: fc.constantFrom('trusted' as const, 'untrusted' as const),
  readers: fc.oneof(names('class', 6), fc.constant<string[]>(['*'])),
  origins: names('call_', 24).map((origins) => origins.slice(0, ORIGINS_MAX)),
});

describe('joinLabels', () => {
  it('is a join: associative, commutative, idempotent, with a least element', () => {
    fc.assert(
      fc.property(label, label, label, (a, b, c) => {
        expect(joinLabels(a, joinLabels(b, c))).toEqual(joinLabels(joinLabels(a, b), c));
        expect(joinLabels(a, b)).toEqual(joinLabels(b, a));
        expect(joinLabels(a, a)).toBe(a);
        expect(joinLabels(a, TRUSTED)).toBe(a);
        expect(joinLabels(TRUSTED, a)).toEqual(a);
      }),
    );
  });

  it('never makes anything more trusted, or readable for more', () => {
    fc.assert(
      fc.property(label, label, fc.oneof(names('class', 6), fc.constant('*' as const)), (a, b, clearance) => {
        const both = joinLabels(a, b);
        expect(both.integrity === 'trusted').toBe(a.integrity === 'trusted' && b.integrity === 'trusted');
        expect(mayRead(clearance, both)).toBe(mayRead(clearance, a) && mayRead(clearance, b));
        expect(Label.parse(both)).toEqual(both);
      }),
    );
  });

  it('is for who may read everything once it has more classes than a label names', () => {
    const many = joinAll(Array.from({ length: READERS_MAX + 1 }, (_, n) => ({ ...TRUSTED, readers: [`class${n}`] })));
    expect(many.readers).toEqual(['*']);
    expect(mayRead(['class0'], many)).toBe(false);
    expect(mayRead('*', many)).toBe(true);
    expect(joinLabels(many, { ...TRUSTED, readers: ['hr'] }).readers).toEqual(['*']);
  });
});
