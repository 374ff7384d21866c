import { describe, expect, it } from 'vitest';
import { containsRaw, findRaw } from './contains-raw.js';

const mail = 'anna.müller@example.com';
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

describe('findRaw', () => {
  it.each([
    ['plain', mail, `to ${mail}.`],
    ['another case', mail, `TO ${mail.toUpperCase()}`],
    ['percent escapes', mail, encodeURIComponent(mail)],
    ['percent escapes twice', mail, encodeURIComponent(encodeURIComponent(mail))],
    ['JSON escapes', mail, '"anna.m\\u00fcller\\u0040example.com"'],
    ['JSON in JSON', mail, JSON.stringify(JSON.stringify({ a: 'x\nanna.m\u00fcller@example.com' }))],
    ['HTML escapes', mail, 'anna.m&#252;ller&#x40;example.com'],
    ['base64', mail, base64(mail)],
    ['base64 at another alignment', mail, base64(`x${mail}`)],
    ['base64 inside more', mail, `${base64(`{"a":"${mail}"}`)}.sig`],
    ['base64 of another case', mail, base64(mail.toUpperCase())],
    ['base64url', mail, Buffer.from(`??>>${mail}`).toString('base64url')],
    ['hex', mail, Buffer.from(mail).toString('hex')],
    ['invisible characters', mail, 'anna.\u200bmu\u0308ller@exam\u00adple.com'],
    ['a name at a word', 'Anna', 'ANNA: hello'],
    ['a name in a possessive', 'Anna', "Anna's"],
    ['a card without spaces', '4111 1111 1111 1111', 'x=4111111111111111;'],
    ['a card with dashes', '4111111111111111', '4111-1111-1111-1111'],
    ['a card digit by digit', '4111111111111111', '4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1'],
    ['a phone in another grouping', '+49 30 901820', 'T: (+49) 30/90-18-20'],
    ['a phone without its country', '+49 30 901820', '030 901820'],
    ['a phone in full width', '030 901820', '０３０９０１８２０'],
    ['an IBAN in groups', 'DE89370400440532013000', 'de89 3704 0044 0532 0130 00'],
  ])('sees %s', (_, value, text) => {
    expect(findRaw(text, [value])).toEqual([{ value, spelling: expect.any(String) }]);
  });

  it.each([
    ['Anna', 'Hanna went to Annapolis'],
    ['Anna', '[[PERSON:annaxannaxannaxannax]] [PERSON_1]'],
    ['anna@x.de', 'bob@x.de'],
    ['4111111111111111', '4111111111111112'],
    ['030 901820', '1700301901820999'],
    ['x', 'x'],
  ])('does not see %j in %j', (value, text) => {
    expect(containsRaw(text, [value])).toBe(false);
  });

  it('names each value that shows, once', () => {
    expect(findRaw('a@x.de a@x.de bo', ['a@x.de', 'c@x.de', 'bo']).map((hit) => hit.value)).toEqual(['a@x.de', 'bo']);
  });
});
