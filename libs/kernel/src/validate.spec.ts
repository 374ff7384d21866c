import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseJson, validate } from './validate.js';

const RAW = 'anna@example.com';

/** A schema, a value with something personal in it, and the fields that are named. */
const cases: [string, z.ZodType, unknown, string[]][] = [
  ['a type', z.object({ age: z.number() }), { age: RAW }, ['age']],
  ['an enum', z.object({ role: z.enum(['user', 'tool']) }), { role: RAW }, ['role']],
  ['a literal', z.object({ ok: z.literal(true) }), { ok: RAW }, ['ok']],
  ['a literal of several', z.object({ ok: z.literal(['a', 'b']) }), { ok: RAW }, ['ok']],
  ['a pattern', z.object({ id: z.string().regex(/^x/) }), { id: RAW }, ['id']],
  [
    'a format',
    z.object({ at: z.iso.datetime(), url: z.url(), mail: z.email() }),
    { at: RAW, url: RAW, mail: `<${RAW}` },
    ['at', 'url', 'mail'],
  ],
  [
    'a start',
    z.object({ id: z.string().startsWith('sb_').endsWith('x').includes('y') }),
    { id: RAW },
    ['id', 'id', 'id'],
  ],
  ['a length', z.object({ text: z.string().max(3) }), { text: RAW }, ['text']],
  ['a number', z.object({ n: z.coerce.number().int().max(3) }), { n: RAW }, ['n']],
  ['a union', z.object({ value: z.union([z.number(), z.array(z.string())]) }), { value: { [RAW]: RAW } }, ['value']],
  [
    'a kind',
    z.discriminatedUnion('type', [z.object({ type: z.literal('a') }), z.object({ type: z.literal('b') })]),
    { type: RAW },
    ['type'],
  ],
  [
    'an item',
    z.object({ items: z.array(z.object({ id: z.number() })) }),
    { items: [{ id: 1 }, { id: RAW }] },
    ['items.1.id'],
  ],
  ['a tuple', z.tuple([z.number(), z.object({ id: z.number() })]), [1, { id: RAW }], ['1.id']],
  ['a key of a record', z.object({ of: z.record(z.string().max(3), z.number()) }), { of: { [RAW]: 1 } }, ['of.?']],
  [
    'a value of a record',
    z.object({ of: z.record(z.string(), z.object({ n: z.number() })) }),
    { of: { [RAW]: { n: RAW } } },
    ['of.?.n'],
  ],
  ['a key of few', z.object({ of: z.partialRecord(z.enum(['A', 'B']), z.number()) }), { of: { [RAW]: 1 } }, ['of']],
  ['an unknown field', z.strictObject({ id: z.number().optional() }), { [RAW]: 1 }, ['']],
  [
    'a field within',
    z.object({ of: z.strictObject({ n: z.number() }).nullable().optional() }),
    { of: { n: 1, [RAW]: 1 } },
    ['of'],
  ],
];

describe('validate', () => {
  it.each(cases)('names the field and nothing that was sent: %s', (_, schema, value, fields) => {
    const attempt = (): unknown => validate(schema, value);
    expect(attempt).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID', details: { fields } }));
    try {
      attempt();
    } catch (error) {
      expect(JSON.stringify([(error as Error).message, error])).not.toContain('anna');
    }
  });

  it('says what an object may hold where it holds something else', () => {
    const schema = z.object({ page: z.strictObject({ limit: z.number().optional(), after: z.string().optional() }) });
    expect(() => validate(schema, { page: { limitt: 3 } })).toThrow('page: 1 unknown field; known are limit, after');
  });

  it('names the body where no field is wrong, and at most eight fields', () => {
    expect(() => validate(z.string(), 1)).toThrow(/^\(body\): /);
    const many = z.object(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}`, z.number()])));
    expect(() => validate(many, {})).toThrow(
      expect.objectContaining({ details: { fields: expect.toSatisfy((list: string[]) => list.length === 8) } }),
    );
  });

  it('gives what the schema makes of the value, under any code', () => {
    expect(validate(z.object({ n: z.coerce.number().default(3) }), {})).toEqual({ n: 3 });
    expect(() => validate(z.string(), 1, 'INTERNAL')).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  it('follows a schema that holds itself', () => {
    interface Tree {
      name: string;
      below: Tree[];
    }
    const tree: z.ZodType<Tree> = z.lazy(() => z.object({ name: z.string(), below: z.array(tree) }));
    expect(() => validate(tree, { name: 'a', below: [{ name: 1, below: [] }] })).toThrow(/^below\.0\.name: /);
  });
});

describe('parseJson', () => {
  it.each([
    ['bytes that are not UTF-8', Uint8Array.from([0x22, 0xff, 0x22])],
    ['half a character', Uint8Array.from([0x22, 0xc3])],
    ['no JSON', new TextEncoder().encode(`{"mail":${RAW}}`)],
    ['nothing', new Uint8Array()],
  ])('refuses %s, and does not quote it', (_, bytes) => {
    expect(() => parseJson(bytes)).toThrow(expect.toSatisfy((error: Error) => !('cause' in error)));
    expect(() => parseJson(bytes)).toThrow(expect.objectContaining({ code: 'REQUEST_MALFORMED' }));
  });

  it('reads one value after the other', () => {
    for (const value of [null, 1, 'ä💡', [{ a: [] }]])
      expect(parseJson(new TextEncoder().encode(JSON.stringify(value)))).toEqual(value);
  });
});
