import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PII_CLASSES, REDACTION_ACTIONS } from '@signalbox/contracts';
import { createRuleset, defaultActionOf, PATTERN_LIMITS } from '@signalbox/privacy';
import { describe, expect, it } from 'vitest';
import { root } from './markdown.ts';

const page = readFileSync(join(root, 'docs/reference/redaction-classes.md'), 'utf8');
const guide = readFileSync(join(root, 'docs/guides/redaction-rules.md'), 'utf8');
/** Cells of the first table's rows. */
const rows = [...page.matchAll(/^\| `([A-Z_]+)` \|(.*)\|$/gm)].map(([, name, rest = '']) => ({
  name,
  cells: rest.split('|').map((cell) => cell.trim()),
}));

describe('the page of classes', () => {
  it('has every class, in order, with what is done with it', () => {
    expect(rows.map(({ name }) => name)).toEqual([...PII_CLASSES]);
    for (const { name, cells } of rows) {
      const of = name as (typeof PII_CLASSES)[number];
      expect([name, ...cells.slice(-2)]).toEqual([name, defaultActionOf(of, 'ingress'), defaultActionOf(of, 'tool')]);
      expect(defaultActionOf(of, 'model')).toBe(defaultActionOf(of, 'tool'));
    }
  });

  it('names recognisers that there are, for the classes that they find', () => {
    const all = createRuleset({ profile: 'balanced' }).tiers.flat();
    for (const { name, cells } of rows.filter((row) => row.name !== 'UNSCANNED'))
      for (const [, id] of cells[1]!.matchAll(/`([a-z-]+)`/g)) {
        const recogniser = all.find((one) => one.id === id);
        expect([name, id, [recogniser?.class, ...(recogniser?.also ?? [])].includes(name as never)]).toEqual([
          name,
          id,
          true,
        ]);
      }
  });

  it('has every action, and the guide the limits in force', () => {
    for (const action of REDACTION_ACTIONS) expect(page).toContain(`| \`${action}\` |`);
    const { patternsMax, matchCharsSumMax, textCharsMax, matchCharsMin, matchCharsMax, wordsWithinChars } =
      PATTERN_LIMITS;
    expect(guide).toContain(`| patterns of a tenant | ${patternsMax} |`);
    expect(guide).toContain(`patterns, added up | ${matchCharsSumMax} characters`);
    expect(guide).toContain(`| characters of a pattern | ${textCharsMax} |`);
    expect(guide).toContain(`A match has ${matchCharsMin} to ${matchCharsMax} characters`);
    expect(guide).toContain(`within ${wordsWithinChars} characters before`);
  });
});
