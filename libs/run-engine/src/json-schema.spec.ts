import { describe, expect, it } from 'vitest';
import { schemaFaults, unsupportedIn } from './json-schema.js';

const schema = {
  type: 'object',
  properties: {
    url: { type: 'string', pattern: '^https://[a-z.]+/', maxLength: 40 },
    count: { type: 'integer', minimum: 1, maximum: 5 },
    kind: { enum: ['a', 'b'] },
    tags: { type: 'array', items: { type: 'string', minLength: 1 }, maxItems: 2 },
  },
  required: ['url'],
  additionalProperties: false,
};

describe('schemaFaults', () => {
  it.each([
    [{ url: 'https://example.com/' }, []],
    [{ url: 'https://example.com/', count: 5, kind: 'b', tags: ['x', 'y'] }, []],
    [{}, ['/url is missing']],
    [{ url: 7 }, ['/url must be of type string']],
    [{ url: 'ftp://x/' }, ['/url does not match its pattern']],
    [{ url: 'https://example.com/', count: 1.5 }, ['/count must be of type integer']],
    [{ url: 'https://example.com/', count: 9 }, ['/count must be at most 5']],
    [{ url: 'https://example.com/', kind: 'c' }, ['/kind must be one of ["a","b"]']],
    [
      { url: 'https://example.com/', tags: ['', 'x', 'y'] },
      ['/tags/0 must have characters: at least 1', '/tags must have items: at most 2'],
    ],
    [{ url: 'https://example.com/', other: 1 }, ['/other is not a known argument']],
  ])('%j', (value, faults) => {
    expect(schemaFaults(schema, value)).toEqual(faults);
  });

  it('takes no inherited property for an argument', () => {
    expect(schemaFaults({ type: 'object', required: ['toString'] }, {})).toEqual(['/toString is missing']);
    expect(
      schemaFaults({ type: 'object', properties: {}, additionalProperties: false }, JSON.parse('{"__proto__":1}')),
    ).toEqual(['/__proto__ is not a known argument']);
  });

  it('lets nothing pass that it cannot check', () => {
    expect(schemaFaults({ oneOf: [{ type: 'string' }] }, 'x')[0]).toContain('not supported');
    expect(schemaFaults({ type: 'string', pattern: '(a+)+$' }, 'aaaa')[0]).toContain('too long');
    expect(schemaFaults({ type: 'string', pattern: 'a' }, 'a'.repeat(257))[0]).toContain('longer than');
    expect(unsupportedIn({ properties: { a: { $ref: '#' } }, items: { pattern: '(' } })).toEqual([
      '/properties/a/$ref is not supported',
      '/items/pattern may take too long',
    ]);
    expect(unsupportedIn(schema)).toEqual([]);
  });

  it('stops at its depth and its number of faults', () => {
    let deep: Record<string, unknown> = { type: 'string' };
    let value: unknown = 'x';
    for (let n = 0; n < 40; n++) [deep, value] = [{ type: 'array', items: deep }, [value]];
    expect(schemaFaults(deep, value)[0]).toContain('nested deeper');
    expect(
      schemaFaults(
        { items: { type: 'string' } },
        Array.from({ length: 99 }, () => 1),
      ),
    ).toHaveLength(8);
  });
});
