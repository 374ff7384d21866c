import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expressionOf } from './expression.js';
import { jsonWithin } from './expression-work.js';

const scope = {
  arguments: {
    n: 3,
    name: 'Ann',
    deep: { a: [{ b: 1 }, { b: 2, c: 'x' }, {}], 'odd name': true },
    words: ['b', 'a', 'c'],
    numbers: [3, 1, 2],
    nested: [[1, 2], [3], 4],
    empty: [],
    nothing: null,
    __proto__: undefined,
  },
};
const value = (text: string): unknown => expressionOf(text).valueIn(scope);
const fault = (text: string, of: Record<string, unknown> = scope): string => {
  try {
    jsonWithin(expressionOf(text).valueIn(of), 1_000_000);
    return 'none';
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
};

describe('expressionOf', () => {
  it.each([
    ['arguments.n', 3],
    ['arguments.none.at.all', null],
    ['arguments.deep."odd name"', true],
    ['arguments.deep.a[0].b', 1],
    ['arguments.deep.a[-2].c', 'x'],
    ['arguments.deep.a[9]', null],
    ['arguments.deep.a[*].b', [1, 2]],
    ['arguments.deep.a[*].{v: b}', [{ v: 1 }, { v: 2 }, { v: null }]],
    [
      'arguments.deep.a[*].[b, c]',
      [
        [1, null],
        [2, 'x'],
        [null, null],
      ],
    ],
    ['arguments.deep.a[?b > `1`].c | [0]', 'x'],
    ["arguments.deep.a[?c == 'x'].b", [2]],
    ['arguments.deep.a[?!b]', [{}]],
    ['arguments.nested[]', [1, 2, 3, 4]],
    ['arguments.nested[*][0]', [1, 3]],
    ['arguments.deep.*', [[{ b: 1 }, { b: 2, c: 'x' }, {}], true]],
    ['arguments.n * `2` + `1`', 7],
    ['`1` + arguments.n * `2`', 7],
    ['(`1` + arguments.n) * `2`', 8],
    ['arguments.n - `1` - `1`', 1],
    ['arguments.n % `2` == `1`', true],
    ["arguments.n > `2` && 'big' || 'small'", 'big'],
    ["arguments.n > `5` && 'big' || 'small'", 'small'],
    ["join(', ', sort(arguments.words))", 'a, b, c'],
    ["{greeting: join(' ', ['Hello', arguments.name]), n: arguments.n}", { greeting: 'Hello Ann', n: 3 }],
    ['sum(arguments.numbers) / length(arguments.numbers)', 2],
    ['max(arguments.words)', 'c'],
    ['min(arguments.empty)', null],
    ['avg(arguments.numbers)', 2],
    ['reverse(sort(arguments.numbers))', [3, 2, 1]],
    ["contains(arguments.name, 'nn') && contains(arguments.numbers, `2`)", true],
    ['length(arguments.name)', 3],
    ['merge(arguments.deep.a[0], arguments.deep.a[1])', { b: 2, c: 'x' }],
    ["split('a-b', '-')", ['a', 'b']],
    ['to_number(to_string(arguments.n))', 3],
    ["to_number('one')", null],
    ['to_string(arguments.numbers)', '[3,1,2]'],
    ['not_null(arguments.nothing, arguments.n)', 3],
    ['type(arguments.nothing)', 'null'],
    ["[upper('a'), lower('B'), trim(' c ')]", ['A', 'b', 'c']],
    ["'it\\'s'", "it's"],
    ['`{"a": [1, "x"]}`.a[1]', 'x'],
    ['keys(arguments.deep)', ['a', 'odd name']],
    ['@', scope],
    ['arguments.constructor', null],
    ['arguments.__proto__', null],
    ['arguments.words.length', null],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it.each([
    ['', 'cannot be read at its end'],
    ['a.', 'cannot be read at its end'],
    ['a b', 'cannot be read at b'],
    ['a[b]', 'cannot be read at b'],
    ['`{`', 'no JSON'],
    ["'open", "cannot be read at 'open"],
    ['a[1', 'cannot be read at its end'],
    ['evil(a)', 'no function evil'],
    ['constructor(a)', 'no function constructor'],
    ['length()', 'takes 1 values, not 0'],
    ['a ? b', 'cannot be read at  ? b'],
    ['('.repeat(1_000), 'nested deeper'],
    ['a'.repeat(3_000), 'longer than 2048 characters'],
  ])('refuses %s', (text, why) => {
    expect(fault(text)).toContain('EXPRESSION_FAILED');
    expect(fault(text)).toContain(why);
  });

  it.each(['arguments.name + `1`', 'arguments.n / `0`', 'length(arguments.n)', 'sort(`[1, "a"]`)', "join('', `[1]`)"])(
    'fails to evaluate %s, and says why without a value',
    (text) => {
      expect(fault(text)).toMatch(/^EXPRESSION_FAILED: /);
      expect(fault(text)).not.toContain('Ann');
    },
  );

  it('knows what it reads in its scope, and what it reads elsewhere', () => {
    const read = (text: string): unknown =>
      expressionOf(text).references.map(({ name, field }) => (field === null ? name : `${name}.${field}`));
    expect(read('join(steps.a.result, input.b[?c == d].{e: f}) | g')).toEqual(['steps.a', 'input.b']);
    expect(read('{x: steps."a", y: [steps]}')).toEqual(['steps.a', 'steps']);
    expect(read('[0]')).toEqual(['@']);
    expect(read('*')).toEqual(['@']);
    expect(read('@.steps')).toEqual(['@']);
  });
});

describe('hostile expressions', () => {
  const big = {
    list: Array.from({ length: 3_000 }, (_, n) => n),
    text: 'a'.repeat(60_000),
    many: Array(3_000).fill('a'.repeat(20)),
  };
  const repeated = (part: string, between: string, count: number): string => Array(count).fill(part).join(between);
  it.each([
    ['doubles itself', repeated('[@,@]', '|', 300)],
    ['doubles itself and flattens', repeated('[@,@][]', '|', 250)],
    ['doubles a text', repeated("join('',[@,@])", '|', 120).replace('[@,@]', '[text,text]')],
    ['compares what contains itself', `${repeated('[@,@]', '|', 200)}|[@,@]|[0]==[1]`],
    ['looks at everything for everything', 'list[*].[`1`] | [?contains(@, `2`)] | [*].[@,@,@,@,@,@,@,@]'],
    ['searches long texts', `[${repeated("contains(text,'aaaaaaaaaaaaaaaaaaaaaaaab')", ',', 40)}]`],
    ['searches a long text in another', `[${repeated("contains(text,join('',[text,'b']))", ',', 40)}]`],
    ['searches for what nearly fits everywhere', `contains(text, '${'a'.repeat(900)}b${'a'.repeat(900)}')`],
    ['splits', `[${repeated("split(text,'')", ',', 100)}]`],
    ['makes texts of everything', `[${repeated('to_string(many)', ',', 100)}]`],
    ['sorts', `[${repeated('sort(many)', ',', 150)}]`],
    ['reads digits', `[${repeated('to_number(text)', ',', 120)}]`],
    ['reads signs', repeated('!', '', 1_900) + 'a'],
    // Without the bounds each of these takes minutes, or all memory.
  ])('that %s end soon', (_, text) => {
    expect(fault(text, big)).toMatch(/EXPRESSION_FAILED|^none$/);
  });

  it('seek no long text, whose search could take the product of both lengths', () => {
    const long = 'a'.repeat(201);
    expect(fault(`contains('x', '${long}')`)).toContain('more than 200 characters cannot be sought');
    expect(fault(`split('x', '${long}')`)).toContain('more than 200 characters cannot be sought');
    expect(value(`contains('${long}', '${long.slice(1)}')`)).toBe(true);
  });

  it('never throw anything else, nor change what they read', () => {
    const part = fc.constantFrom(
      'a',
      '.',
      '[',
      ']',
      '*',
      '[?',
      '[]',
      '@',
      '{',
      '}',
      ':',
      ',',
      '(',
      ')',
      'join',
      "'x'",
      '`1`',
      '"q"',
      '|',
      '||',
      '&&',
      '==',
      '<',
      '+',
      '-',
      '!',
      '0',
      'keys',
      'sort',
      ' ',
    );
    const json = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 24 }), json, (parts, a) => {
        const before = JSON.stringify(a);
        expect(fault(parts.join(''), { a })).toMatch(/EXPRESSION_FAILED|^none$/);
        expect(JSON.stringify(a)).toBe(before);
      }),
      { numRuns: 3_000 },
    );
  });
});
