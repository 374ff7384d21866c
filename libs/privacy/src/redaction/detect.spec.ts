import { describe, expect, it } from 'vitest';
import { createRuleset } from '../ruleset.js';
import { detect } from './redact-text.js';

const ruleset = createRuleset({
  profile: 'strict',
  classes: ['EMAIL', 'PHONE', 'CARD', 'IBAN', 'PERSON'],
  names: ['Anna Müller-Schmidt', 'Søren von Berg', 'Will Smith', 'Åse Øvergård', 'Jürgen'],
});
const spans = (text: string, context = ''): string[] =>
  detect(text, ruleset, context).map((span) => `${span.class} ${text.slice(span.start, span.end)}`);

describe('detect e-mail', () => {
  it.each([
    ['Write to anna.mueller+x@mail.example.co.uk.', 'anna.mueller+x@mail.example.co.uk'],
    ["'anna@x.de'", 'anna@x.de'],
    ['<ANNA@X.DE>', 'ANNA@X.DE'],
    ['email=o_brien-1%40x.de&b=1', 'o_brien-1%40x.de'],
    ['{"a":"anna\\u0040x.de"}', 'anna\\u0040x.de'],
    ['\u200ban\u200bna@x\u00ad.de', 'an\u200bna@x\u00ad.de'],
    ['ａｎｎａ＠ｘ．ｄｅ', 'ａｎｎａ＠ｘ．ｄｅ'],
    ['jörg@müller.example', 'jörg@müller.example'],
    ['root@[192.168.0.1] now', 'root@[192.168.0.1]'],
    ['anna@example.com1', 'anna@example.com'],
    ['mail: anna@localhost', 'anna@localhost'],
  ])('%j', (text, value) => {
    expect(spans(text)).toEqual([`EMAIL ${value}`]);
  });

  it.each([
    '@app.get',
    'left@1.2.3',
    'a @ b',
    'user@host',
    'git@github.com:org/repo.git',
    'npm i pkg@4.0.1',
    '@',
    'x@',
    '@@@',
  ])('not %j', (text) => {
    expect(spans(text)).toEqual([]);
  });
});

describe('detect card', () => {
  it.each([
    ['4111 1111 1111 1111', '4111 1111 1111 1111'],
    ['pay 4111111111111111, please', '4111111111111111'],
    ['4111-1111-1111-1111', '4111-1111-1111-1111'],
    ['4111\u20131111\u00a01111\u20091111', '4111\u20131111\u00a01111\u20091111'],
    ['４１１１１１１１１１１１１１１１', '４１１１１１１１１１１１１１１１'],
    ['4111\u200b1111\u200b1111\u200b1111', '4111\u200b1111\u200b1111\u200b1111'],
    ['3782 822463 10005', '3782 822463 10005'],
    ['12 4111 1111 1111 1111 03/27', '4111 1111 1111 1111'],
    ['id,4111111111111111,100.50', '4111111111111111'],
    ['4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', '4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1'],
    ['my card is 4111 1111 1111 1112', '4111 1111 1111 1112'],
    ['card=4111111111111111', '4111111111111111'],
  ])('%j', (text, value) => {
    expect(spans(text)).toEqual([`CARD ${value}`]);
  });

  it.each([
    '4111111111111112',
    '0.4111111111111111',
    '4111111111111111.25',
    '1700000000000',
    '1732190000000000000',
    '9111111111111111',
    'a4111111111111111',
    '4111111111111111b',
    'ab-4111111111111111',
    '2021 2022 2023 2024',
    '1000000000000000',
    '5555.55 4444.44',
  ])('not %j', (text) => {
    expect(spans(text)).toEqual([]);
  });
});

describe('detect IBAN', () => {
  it.each([
    ['DE89 3704 0044 0532 0130 00', 'DE89 3704 0044 0532 0130 00'],
    ['to gb82west12345698765432.', 'gb82west12345698765432'],
    ['MT84MALT011000012345MTLCAST001S', 'MT84MALT011000012345MTLCAST001S'],
    ['NO93 8601 1117 947 EUR', 'NO93 8601 1117 947'],
    ['ＤＥ８９370400440532013000', 'ＤＥ８９370400440532013000'],
    ['iban: DE00370400440532013000', 'DE00370400440532013000'],
  ])('%j', (text, value) => {
    expect(spans(text)).toEqual([`IBAN ${value}`]);
  });

  it.each([
    'DE88370400440532013000',
    'DE893704004405320130001',
    'XX89370400440532013000',
    'XDE89370400440532013000',
    'is 12 words of prose about nothing at all',
  ])('not %j', (text) => {
    expect(spans(text)).toEqual([]);
  });
});

describe('detect phone', () => {
  it.each([
    ['+49 30 901820', '+49 30 901820'],
    ['(call +49 (0)30 90-18-20)', '+49 (0)30 90-18-20'],
    ['0049 30 901820.', '0049 30 901820'],
    ['004930901820', '004930901820'],
    ['(030) 90 18 20', '(030) 90 18 20'],
    ['030/901820 or so', '030/901820'],
    ['0171 1234567', '0171 1234567'],
    ['01711234567', '01711234567'],
    ['555-123-4567', '555-123-4567'],
    ['(555) 123-4567', '(555) 123-4567'],
    ['555.123.4567', '555.123.4567'],
    ['+1 415 555 2671 ext. 12', '+1 415 555 2671 ext. 12'],
    ['001-518-640-0854', '001-518-640-0854'],
    ['03.93.92.16.85', '03.93.92.16.85'],
    ['+47 22 85 50 50', '+47 22 85 50 50'],
    ['+46 (0)8 928 571 38', '+46 (0)8 928 571 38'],
    ['\uff0b49\u201130\u00a0901820', '\uff0b49\u201130\u00a0901820'],
    ['+49\u200b30\u200b901820', '+49\u200b30\u200b901820'],
    ['p=%2B49%2030%20901820', '%2B49%2030%20901820'],
    ['Phone: 467 3395', '467 3395'],
    ['467 3395 office', '467 3395'],
    ['Fax 9498777106', '9498777106'],
    ['Desk: 5403926876', '5403926876'],
    ['3660170548-Fax', '3660170548'],
    ['name,tel\nBo,+4530901820,12', '+4530901820'],
    ['17,0171 1234567,Berlin', '0171 1234567'],
    ['Tel+4930901820', '+4930901820'],
    ['am 2024-05-01 030 901820', '030 901820'],
    ['030 901820 2024-05-01', '030 901820'],
  ])('%j', (text, value) => {
    expect(spans(text)).toEqual([`PHONE ${value}`]);
  });

  it('takes the name of a field as a cue', () => {
    expect(spans('4673395')).toEqual([]);
    expect(spans('4673395', 'phone: ')).toEqual(['PHONE 4673395']);
  });

  it.each([
    '2024-05-01',
    '2024-05-01T10:00:00Z',
    '2024-05-01 10:30:22',
    '01.02.2024 12:30',
    '05/06/2024',
    '12-10-2024',
    '20240501',
    '1.22.333',
    'v1.2.3-4567890',
    '10.20.30.40',
    '192.168.100.200:8080',
    '123456.789012',
    '1,234,567.89',
    '1 234 567',
    '1.234.567',
    '20 000 000',
    '+20 000 000',
    '1234567',
    '1234567890',
    '1700000000',
    '12,5,100.25,3000000',
    '550e8400-e29b-41d4-a716-446655440000',
    'deadbeef12345678',
    'a1b2c3-555-123-4567',
    '978-3-16-148410-0',
    '1990-1995',
    'pages 1234-5678',
    '$555-123-4567',
    '0.0301234567',
    '-0.123 0.456 0.789',
    '123-45-6789',
    '12345-6789',
    '3.14159265358979',
    '100 200 300 400 500 600',
    'https://x.de/2024/0301234567',
    'order 0301234567',
    'C++11',
    '(1) 2000 300',
    '1e10 2e20',
    'call_id: 1234567890',
    '"phone_id":1234567890',
    'phones sold: 1234567',
    'answered 1 200 300 calls',
    '#0301234567',
    '10:30:15.123456',
  ])('not %j', (text) => {
    expect(spans(text)).toEqual([]);
  });
});

describe('detect person', () => {
  it.each([
    ["Anna's book", ['Anna']],
    ['Anna\u2019s book', ['Anna']],
    ['ANNA MÜLLER-SCHMIDT', ['ANNA MÜLLER-SCHMIDT']],
    ['Annas Buch, Schmidts Haus', ['Anna', 'Schmidt']],
    ['Mueller and Mu\u0308ller', ['Mueller', 'Mu\u0308ller']],
    ['søren VON berg', ['søren VON berg']],
    ['åse øvergård, AASE', ['åse øvergård', 'AASE']],
    ['anna_schmidt, anna.schmidt', ['anna_schmidt', 'anna.schmidt']],
    ['I will go; Will goes', ['Will']],
    ['will smith', ['will smith']],
    ['An\u200bna', ['An\u200bna']],
    ['Jürgen, JUERGEN', ['Jürgen', 'JUERGEN']],
    ['"\\nAnna"', ['Anna']],
  ])('%j', (text, values) => {
    expect(spans(text)).toEqual(values.map((value) => `PERSON ${value}`));
  });

  it.each([
    'Annapolis',
    'banana',
    'Hanna',
    'annabel',
    'von gestern',
    'Bergen',
    'Müllerei',
    'ÜberAnna',
    'anna1',
    'schmidtß',
  ])('not %j', (text) => {
    expect(spans(text)).toEqual([]);
  });

  it('refuses a profile beyond its limits', () => {
    expect(() => createRuleset({ names: ['x'.repeat(201)] })).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    );
  });
});

describe('detect where classes meet', () => {
  it.each([
    ['030 901820/0171 1234567 / 030 901821', ['PHONE 030 901820', 'PHONE 0171 1234567', 'PHONE 030 901821']],
    ['4111111111111111/0171 1234567', ['CARD 4111111111111111', 'PHONE 0171 1234567']],
    ['anna@x.de+49 30 901820', ['EMAIL anna@x.de', 'PHONE +49 30 901820']],
    ['anna@x.de4111111111111111', ['EMAIL anna@x.de4111111111111111']],
    ['4111111111111111@x.de', ['EMAIL 4111111111111111@x.de']],
    ['anna.schmidt@x.de', ['EMAIL anna.schmidt@x.de']],
    ['+4111 1111 1111 1111', ['CARD 4111 1111 1111 1111']],
    [
      'DE89370400440532013000,anna@x.de,4111111111111111,+49 30 901820',
      ['IBAN DE89370400440532013000', 'EMAIL anna@x.de', 'CARD 4111111111111111', 'PHONE +49 30 901820'],
    ],
  ])('%j', (text, expected) => {
    expect(spans(text)).toEqual(expected);
  });

  it('looks only for the classes asked for', () => {
    const onlyEmail = createRuleset({ classes: ['EMAIL'], names: ['Anna'] });
    expect(detect('Anna anna@x.de +49 30 901820', onlyEmail).map((span) => span.class)).toEqual(['EMAIL']);
  });
});
