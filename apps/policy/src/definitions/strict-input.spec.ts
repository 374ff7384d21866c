import { ToolManifest } from '@signalbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { samplePolicy } from '../seed/sample-policy.js';
import { strictInput } from './strict-input.js';

const schema = z.object({
  name: z.string(),
  inner: z.object({ n: z.number().optional() }),
  list: z.array(z.object({ a: z.string() })),
  free: z.record(z.string(), z.unknown()),
});
const good = { name: 'x', inner: { n: 1 }, list: [{ a: 'b' }], free: { any: [{ thing: null }] } };

const fieldsOf = (value: unknown): unknown => {
  try {
    strictInput(schema, value);
  } catch (error) {
    const { code, details } = error as { code: string; details: { fields?: string[] } };
    return details.fields ?? code;
  }
  return 'taken';
};

describe('strictInput', () => {
  it('takes what fits, and free JSON where the schema is free', () => {
    expect(strictInput(schema, good)).toEqual(good);
    for (const tool of samplePolicy().tools) expect(strictInput(ToolManifest, tool)).toEqual(tool);
  });

  it('names fields that the schema would drop, wherever they are', () => {
    expect(fieldsOf({ ...good, nmae: 1 })).toEqual(['nmae']);
    expect(fieldsOf({ ...good, inner: { m: 1 }, list: [{ a: 'b', c: 1 }] })).toEqual(['inner.m', 'list.0.c']);
    expect(fieldsOf(JSON.parse('{"name":"x","inner":{},"list":[],"free":{},"__proto__":{"n":1}}'))).toEqual([
      '__proto__',
    ]);
  });

  it('refuses what the database cannot hold', () => {
    expect(fieldsOf({ ...good, name: 'a\u0000' })).toEqual(['name']);
    expect(fieldsOf({ ...good, free: { deep: ['\ud800'] } })).toEqual(['free.deep.0']);
    expect(fieldsOf({ ...good, free: { ['\udc00']: 1 } })).toEqual(['free']);
    expect(fieldsOf({ ...good, free: { n: Number.POSITIVE_INFINITY } })).toEqual(['free.n']);
    let deep: unknown = 1;
    for (let n = 0; n < 40; n++) deep = [deep];
    expect(fieldsOf({ ...good, free: { deep } })).toBe('PAYLOAD_TOO_DEEP');
  });

  it('never loses a part of what it takes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (free) => {
        const input = { ...good, free: JSON.parse(JSON.stringify(free)) as Record<string, unknown> };
        if (fieldsOf(input) === 'taken') expect(strictInput(schema, input)).toEqual(input);
      }),
    );
  });
});
