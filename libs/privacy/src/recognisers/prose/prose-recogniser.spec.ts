import { describe, expect, it } from 'vitest';
import { detect } from '../../redaction/redact-text.js';
import { redactJson } from '../../redaction/redact-json.js';
import { createRuleset, type Profile } from '../../ruleset.js';

const find = (text: string, profile: Profile = 'balanced'): string[] =>
  detect(text, createRuleset({ profile })).map((span) => `${span.class} ${text.slice(span.start, span.end)}`);

describe('what words tell', () => {
  it.each([
    ['My name is Key.', ['PERSON Key']],
    ['Yesterday Oksana Shevchuk called.', ['PERSON Oksana Shevchuk']],
    ['Dear Thandiwe,', ['PERSON Thandiwe']],
    ['Ask Mr. Brzezinski.', ['TITLE Mr.', 'PERSON Brzezinski']],
    ['follow up with patricia desrosiers soon', ['PERSON patricia desrosiers']],
    ['She lives at 12 Long Acre Road, Springfield.', ['ADDRESS 12 Long Acre Road, Springfield']],
    ['Send it to Lindenstraße 12, 10969 Berlin', ['ADDRESS Lindenstraße 12, 10969 Berlin']],
    ['P.O. Box 211', ['ADDRESS P.O. Box 211']],
    ['a flight to New Zealand', ['PLACE New Zealand']],
    ['a 33-year-old patient', ['AGE 33-year-old']],
    ['born on 3 March 1977', ['BIRTH_DATE 3 March 1977']],
    ['until 2024-05-01 10:30:00', ['DATE 2024-05-01 10:30:00']],
    ['the Norwegian team', ['NATIONALITY Norwegian']],
    ['bought by Civic Impulse LLC', ['ORGANIZATION Civic Impulse LLC']],
    ['username: kestrel_9', ['USERNAME kestrel_9']],
  ])('%j', (text, expected) => {
    expect(find(text)).toEqual(expected);
  });

  it.each([
    'The quick brown fox jumps over the lazy dog.',
    'Run `npm install` and restart the Docker container.',
    'HTTP 404 means that the Resource was not found.',
    'const userName = getUser(12);',
    'See README.md and package.json in libs/privacy.',
    'It may take 12 hours a day.',
    'In March we will march on.',
    'Use the TypeScript compiler for ESM modules.',
  ])('nothing in %j', (text) => {
    expect(find(text)).toEqual([]);
  });

  it('is asked of the gates without what names nobody by itself', () => {
    const text = 'On Monday Oksana Shevchuk flew from Paris to Norway.';
    expect(find(text, 'mesh')).toEqual(['PERSON Oksana Shevchuk']);
    expect(find(text, 'strict')).toEqual([]);
  });

  it('is asked of sentences inside JSON, not of its fields', () => {
    const value = { city: 'Oksana', server: 'Brzezinski', text: 'Yesterday Oksana Shevchuk called us again.' };
    const clean = redactJson(value, { ruleset: createRuleset(), tenantKey: Buffer.alloc(32) });
    expect(clean.value).toMatchObject({ city: 'Oksana', server: 'Brzezinski' });
    expect(clean.found.map((one) => one.value)).toEqual(['Oksana Shevchuk']);
  });
});
