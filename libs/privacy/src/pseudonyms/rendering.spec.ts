import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restoreJson, restoreText, restoringStream } from './restore.js';
import { Rendering } from './rendering.js';
import { findTokens, parseToken, tokenFor } from './token.js';

const key = Buffer.alloc(32, 3);
const anna = tokenFor(key, 'EMAIL', 'anna@x.de');
const bo = tokenFor(key, 'EMAIL', 'bo@x.de');
const name = tokenFor(key, 'PERSON', 'Anna');

function pieces(whole: string, cuts: readonly number[]): string[] {
  const at = [0, ...cuts.filter((cut) => cut < whole.length).toSorted((a, b) => a - b), whole.length];
  return at.slice(1).map((end, i) => whole.slice(at[i], end));
}

describe('parseToken', () => {
  it('reads a whole token and nothing else', () => {
    expect(parseToken(anna)).toEqual({ class: 'EMAIL', id: anna.slice(8, 28) });
    for (const fake of [
      `${anna} `,
      anna.toUpperCase(),
      '[[EMAIL:abc]]',
      '[EMAIL_1]',
      '[[email:aaaaaaaaaaaaaaaaaaaa]]',
      '',
    ])
      expect(parseToken(fake)).toBeUndefined();
    expect(findTokens(`x${anna}${name}[${bo}]`)).toEqual([anna, name, bo]);
  });
});

describe('Rendering', () => {
  it('numbers tokens by class in the order they appear', () => {
    const rendering = Rendering.of([`${name} ${bo}`, `${anna} ${bo}`]);
    expect(rendering.render(`${anna}, ${bo}, ${name}`)).toBe('[EMAIL_2], [EMAIL_1], [PERSON_1]');
    expect(rendering.unrender('[EMAIL_2], [EMAIL_1], [PERSON_1]')).toBe(`${anna}, ${bo}, ${name}`);
  });

  it('leaves unknown look-alikes alone, and takes the meaning from those it would give one', () => {
    const rendering = Rendering.of([anna]);
    expect(rendering.unrender('[EMAIL_9] [PHONE_1] [EMAIL_01] [email_1]')).toBe(
      '[EMAIL_9] [PHONE_1] [EMAIL_01] [email_1]',
    );
    expect(rendering.render(`[EMAIL_1] said ${anna}`)).toBe('(EMAIL_1) said [EMAIL_1]');
  });

  it('works on JSON values and on JSON text', () => {
    const rendering = Rendering.of([anna]);
    expect(rendering.renderJson({ [anna]: [`to ${anna}`, 1] })).toEqual({ '[EMAIL_1]': ['to [EMAIL_1]', 1] });
    expect(rendering.unrenderJson({ to: '[EMAIL_1]' })).toEqual({ to: anna });
    expect(JSON.parse(rendering.unrender('{"to":"[EMAIL_1]"}'))).toEqual({ to: anna });
  });

  it('unrenders a stream as it does the whole', () => {
    const rendering = Rendering.of([anna, bo, name]);
    const shard = fc.constantFrom(
      '[',
      ']',
      'EMAIL',
      '_',
      '1',
      '2',
      '[EMAIL_1]',
      '[EMAIL_2]',
      '[PERSON_1]',
      '[EMAIL_9]',
      anna,
      ' ',
      'x',
      '[[',
      '[A'.repeat(20),
    );
    fc.assert(
      fc.property(fc.array(shard, { maxLength: 20 }), fc.array(fc.nat(200)), (parts, cuts) => {
        const whole = parts.join('');
        const stream = rendering.unrenderStream();
        const out = pieces(whole, cuts).map((piece) => stream.push(piece));
        expect(out.join('') + stream.end()).toBe(rendering.unrender(whole));
      }),
      { numRuns: 2_000 },
    );
  });

  it('holds back nothing that cannot become a rendering', () => {
    const stream = Rendering.of([anna]).unrenderStream();
    expect(stream.push('See [note] and [EMAIL')).toBe('See [note] and ');
    expect(stream.push('_1')).toBe('');
    expect(stream.push('] now')).toBe(`${anna} now`);
  });
});

describe('restore', () => {
  const lookup = new Map([
    [anna, 'anna@x.de'],
    [name, bo],
  ]);

  it('puts values back once, and leaves tokens it does not know', () => {
    expect(restoreText(`${anna} ${bo} ${name}`, lookup)).toBe(`anna@x.de ${bo} ${bo}`);
  });

  it('escapes a value inside JSON text', () => {
    const quoted = new Map([[name, 'An"na']]);
    expect(restoreJson({ args: JSON.stringify({ who: name }) }, quoted)).toEqual({
      args: JSON.stringify({ who: 'An"na' }),
    });
  });

  it('restores a stream as it does the whole', () => {
    const shard = fc.constantFrom(
      anna,
      bo,
      anna.slice(0, 9),
      anna.slice(9),
      '[',
      '[[',
      ']',
      '[[EMAIL:',
      'aaaaaaaaaaaaaaaaaaaaaaaa',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(shard, { maxLength: 20 }), fc.array(fc.nat(300)), (parts, cuts) => {
        const whole = parts.join('');
        const stream = restoringStream(lookup);
        const out = pieces(whole, cuts).map((piece) => stream.push(piece));
        expect(out.join('') + stream.end()).toBe(restoreText(whole, lookup));
      }),
      { numRuns: 2_000 },
    );
  });
});
