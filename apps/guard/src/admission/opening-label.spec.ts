import { type Label, type RunRequestV1, TRUSTED } from '@signalbox/contracts';
import { expect, it } from 'vitest';
import { openingLabel } from './opening-label.js';

const request = (change: Partial<RunRequestV1> = {}): RunRequestV1 => ({
  keyDigest: '0'.repeat(64),
  requestId: `req_${'0'.repeat(26)}`,
  agent: 'analyst',
  input: [{ role: 'user', content: 'Hello.' }],
  stream: false,
  ...change,
});
const mail = { role: 'user' as const, content: 'Dear sir', untrusted: true };
const page: Label = { integrity: 'untrusted', readers: ['tenant'], origins: ['call_1_0 page'] };

it('takes the words of the caller for trusted, unless they say otherwise', () => {
  expect(openingLabel(request(), null)).toBe(TRUSTED);
  expect(openingLabel(request({ input: [{ ...mail, untrusted: false }] }), null)).toBe(TRUSTED);
  expect(openingLabel(request({ input: [...request().input, mail], readers: ['hr', 'board'] }), null)).toEqual({
    integrity: 'untrusted',
    readers: ['board', 'hr'],
    origins: ['input'],
  });
});

it('joins what a fork begins with', () => {
  const prefix = { seq: 1, head: 'a'.repeat(64), messages: [], label: page };
  expect(openingLabel(request(), prefix)).toEqual(page);
  expect(openingLabel(request({ readers: ['hr'] }), prefix)).toEqual({
    integrity: 'untrusted',
    readers: ['hr', 'tenant'],
    origins: ['call_1_0 page', 'input'],
  });
});
