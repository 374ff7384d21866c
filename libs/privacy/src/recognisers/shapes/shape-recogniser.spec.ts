import { describe, expect, it } from 'vitest';
import { detect } from '../../redaction/redact-text.js';
import { createRuleset } from '../../ruleset.js';

const ruleset = createRuleset({ profile: 'strict' });
const spans = (text: string, context = ''): string[] =>
  detect(text, ruleset, context).map((span) => `${span.class} ${text.slice(span.start, span.end)}`);

describe('numbers with a check digit or a shape', () => {
  it.each([
    ['SSN 536-90-4399', 'NATIONAL_ID', '536-90-4399'],
    ['social security number: 536904399', 'NATIONAL_ID', '536904399'],
    ['ITIN 912-70-1234', 'NATIONAL_ID', '912-70-1234'],
    ['NI number AB 12 34 56 C', 'NATIONAL_ID', 'AB 12 34 56 C'],
    ['NHS number 943 476 5919', 'NATIONAL_ID', '943 476 5919'],
    ['Steuer-ID: 86095742719', 'NATIONAL_ID', '86095742719'],
    ['NIR 2 55 08 14 168 025 38', 'NATIONAL_ID', '2 55 08 14 168 025 38'],
    ['DNI 12345678Z', 'NATIONAL_ID', '12345678Z'],
    ['X1234567L', 'NATIONAL_ID', 'X1234567L'],
    ['RSSMRA85T10A562S', 'NATIONAL_ID', 'RSSMRA85T10A562S'],
    ['PESEL 44051401359', 'NATIONAL_ID', '44051401359'],
    ['BSN 111222333', 'NATIONAL_ID', '111222333'],
    ['Aadhaar 2341 2341 2346', 'NATIONAL_ID', '2341 2341 2346'],
    ['PAN ABCPE1234F', 'NATIONAL_ID', 'ABCPE1234F'],
    ['529.982.247-25', 'NATIONAL_ID', '529.982.247-25'],
    ['11.222.333/0001-81', 'NATIONAL_ID', '11.222.333/0001-81'],
    ['routing number 021000021', 'BANK_ID', '021000021'],
    ['SWIFT: DEUTDEFF500', 'BANK_ID', 'DEUTDEFF500'],
    ['account number 12345678', 'BANK_ID', '12345678'],
    ['VIN 1HGCM82633A004352', 'VIN', '1HGCM82633A004352'],
    ['passport no. 533380006', 'DOCUMENT_ID', '533380006'],
    ["driver's license: F255-9215", 'DOCUMENT_ID', 'F255-9215'],
    ['ping 81.2.69.142 now', 'IP', '81.2.69.142'],
    ['from 2001:db8:85a3::8a2e:370:7334.', 'IP', '2001:db8:85a3::8a2e:370:7334'],
    ['mac 00:1B:44:11:3A:B7', 'MAC', '00:1B:44:11:3A:B7'],
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'CRYPTO', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'CRYPTO', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    ['0x52908400098527886E0F7030069857D2E4169EE7', 'CRYPTO', '0x52908400098527886E0F7030069857D2E4169EE7'],
    ['see https://www.linkedin.com/in/ada-stone.', 'URL', 'https://www.linkedin.com/in/ada-stone'],
  ])('%j', (text, piiClass, value) => {
    expect(spans(text)).toEqual([`${piiClass} ${value}`]);
  });

  it.each([
    '000-12-3456',
    '666-12-3456',
    '123-45-6789-0',
    'NHS number 943 476 5918',
    'Steuer-ID: 86095742710',
    'DNI 12345678A',
    'RSSMRA85T10A562T',
    'PESEL 44051401358',
    'BSN 111222334',
    'Aadhaar 2341 2341 2345',
    '529.982.247-26',
    'routing number 021000022',
    '943 476 5919',
    'the file DEUTDEFF500',
    'build 12345678Z of version 1.2.3.4',
    '127.0.0.1 and 0.0.0.0',
    'http://10.0.0.7:8080/x',
    'at 12:30:45, 10:20',
    'std::vector, a::b::c',
    'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5',
    '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb',
    'commit 9fceb02d0ae598e95dc970b74767f19372d61af8',
    'https://github.com/ada/stone',
  ])('not %j', (text) => {
    expect(spans(text)).toEqual([]);
  });

  it('takes the name of a field as a cue', () => {
    expect(spans('944352', 'passport number: ')).toEqual(['DOCUMENT_ID 944352']);
  });
});
