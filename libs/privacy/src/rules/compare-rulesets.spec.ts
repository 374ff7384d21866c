import type { RedactionRule } from '@signalbox/contracts';
import { expect, it } from 'vitest';
import { redactText } from '../redaction/redact-text.js';
import { compareRulesets } from './compare-rulesets.js';
import { type RedactionDefinitions, TenantRulesets } from './tenant-rulesets.js';

const rule = (name: RedactionRule['class'], action: RedactionRule['action']): RedactionRule => ({
  id: name,
  class: name,
  action,
  description: '',
});
const order = { id: 'o', class: 'X_ORDER' as const, pattern: 'ab-\\d{4}', description: '' };
const rulesets = new TenantRulesets();
const at = (definitions: Partial<RedactionDefinitions>) =>
  rulesets.forGate({ rules: [], patterns: [], ...definitions }, 'tool');
const present = at({ patterns: [order] });
const { text } = redactText('Mail anna@x.de or call +49 30 901820 about AB-1234 and CD-99 in Paris.', {
  ruleset: present,
  tenantKey: Buffer.alloc(32),
});
const told = (definitions: Partial<RedactionDefinitions>): string[] =>
  compareRulesets(text, present, at(definitions)).map(
    ({ change, class: name, start, end, before, after }) =>
      `${change} ${name} ${before} > ${after}${change === 'new' ? `: ${text.slice(start, end)}` : ''}`,
  );

it('says nothing where nothing would change', () => {
  expect(told({ patterns: [order] })).toEqual([]);
});

it('says what another ruleset would find anew, no longer, or treat otherwise', () => {
  const more = { id: 'p', class: 'X_PART' as const, pattern: 'cd-\\d{2}', description: '' };
  expect(
    told({ patterns: [more], rules: [rule('EMAIL', 'hash'), rule('PHONE', 'allow'), rule('PLACE', 'mask')] }),
  ).toEqual([
    'changed EMAIL pseudonymise > hash',
    'gone PHONE pseudonymise > allow',
    'gone X_ORDER pseudonymise > allow',
    'new X_PART allow > pseudonymise: CD-99',
    'new PLACE allow > mask: Paris',
  ]);
});
