import { CHANNELS, ERROR_CODES, STREAMS } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { asyncApiDocument } from './asyncapi.ts';
import { errorsPage, streamsPage, subjectsPage } from './reference-pages.ts';
import { toYaml } from './yaml.ts';

describe('toYaml', () => {
  it('writes maps, lists, nesting and empties, and leaves out what is undefined', () => {
    const value = { a: 'no', 'b c': [1, { d: null, e: [] }, ['x']], f: { g: {} }, h: undefined };
    expect(toYaml(value)).toBe(
      ['a: "no"', '"b c":', '  - 1', '  - d: null', '    e: []', '  - - "x"', 'f:', '  g: {}', ''].join('\n'),
    );
  });
});

describe('the AsyncAPI document', () => {
  const text = asyncApiDocument('1.2.3');

  it('names every channel and message, and every reference leads somewhere', () => {
    for (const name of Object.keys(CHANNELS)) expect(text).toContain(`\n  ${name}:\n`);
    const targets = [...text.matchAll(/\$ref: "#\/components\/(messages|schemas)\/([^"]+)"/g)];
    expect(targets.length).toBeGreaterThan(40);
    for (const [, , id] of targets) expect(text).toContain(`\n    ${id}:\n`);
    for (const [, id] of text.matchAll(/\$ref: "#\/channels\/([^"/]+)"/g)) expect(text).toContain(`\n  ${id}:\n`);
  });

  it('has no nameless token in an address', () => {
    expect([...text.matchAll(/address: "[^"]*\*/g)]).toEqual([]);
  });
});

describe('the reference pages', () => {
  it('list every code, channel and stream', () => {
    for (const code of ERROR_CODES) expect(errorsPage()).toContain(`| \`${code}\` |`);
    for (const name of Object.keys(CHANNELS)) expect(subjectsPage()).toContain(`| ${name} |`);
    for (const { name } of STREAMS) expect(streamsPage()).toContain(`| \`${name}\` |`);
  });
});
