import { CHANNELS } from '@signalbox/contracts';
import { testFolder } from '@signalbox/testing';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkSeal, decodeFrame, encodeFrame } from './frame.js';
import { KeyRing } from './key-ring.js';
import { makeKeys } from './provision/make-keys.js';

const root = testFolder('frame-keys');
makeKeys(root, ['acme']);
afterAll(() => rmSync(root, { recursive: true }));
const keysOf = (service: string): KeyRing => KeyRing.load(join(root, service));

const SUBJECT = 'sb.v1.run.00.acme.run_00_x';
const JSON_BYTES = Buffer.from('{"timer":"wall"}');
const JOURNAL = CHANNELS.run.seal;

describe('a frame', () => {
  it('has one form', () => {
    const bytes = encodeFrame('sb.v1.note.acme.x', 'run.note.v1', 'router', JSON_BYTES, 'none', keysOf('router'));
    expect(Buffer.from(bytes).toString()).toBe('sb1 run.note.v1 router -\n{"timer":"wall"}');
    const frame = decodeFrame(bytes);
    expect({ ...frame, json: Buffer.from(frame.json).toString() }).toEqual({
      kind: 'run.note.v1',
      author: 'router',
      seal: '-',
      json: '{"timer":"wall"}',
    });
  });

  it('is read or refused with REQUEST_MALFORMED, whatever comes', () => {
    const head = 'sb1 timer.fired.v1 router -';
    const bad = [
      '',
      '\n',
      'sb1\n',
      head,
      `${head} extra\n`,
      `sb2 timer.fired.v1 router -\n`,
      `sb1 TIMER router -\n`,
      `sb1 a nobody -\n`,
      ` ${head}\n`,
      `sb1  router -\n`,
      `${'x'.repeat(600)}\n{}`,
    ];
    for (const text of bad)
      expect(() => decodeFrame(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'REQUEST_MALFORMED' }));
    let seed = 7;
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    for (let n = 0; n < 2_000; n++) {
      const bytes = Buffer.from(`${head}\n{}`);
      for (let flips = 0; flips < 3; flips++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      try {
        decodeFrame(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'REQUEST_MALFORMED' });
      }
    }
  });
});

describe('a seal', () => {
  it('by pair is checked by those two alone', () => {
    const frame = decodeFrame(
      encodeFrame(SUBJECT, 'session.loaded.v1', 'memory', JSON_BYTES, JOURNAL, keysOf('memory')),
    );
    expect(frame.seal).toMatch(/^h:[A-Za-z0-9_-]{43}$/);
    expect(checkSeal(SUBJECT, frame, JOURNAL, keysOf('router'))).toBe('verified');
    expect(checkSeal(SUBJECT, frame, JOURNAL, keysOf('memory'))).toBe('verified');
    expect(checkSeal(SUBJECT, frame, JOURNAL, keysOf('audit'))).toBe('unchecked');
  });

  it('by the guard is checked by everyone', () => {
    const frame = decodeFrame(encodeFrame(SUBJECT, 'run.refused.v1', 'guard', JSON_BYTES, JOURNAL, keysOf('guard')));
    expect(frame.seal).toMatch(/^e:[A-Za-z0-9_-]{86}$/);
    for (const service of ['router', 'inference', 'tool-runner', 'memory', 'audit'])
      expect(checkSeal(SUBJECT, frame, JOURNAL, keysOf(service))).toBe('verified');
  });

  it('covers subject, kind, author and body', () => {
    for (const [author, kind] of [
      ['memory', 'session.loaded.v1'],
      ['guard', 'run.refused.v1'],
    ] as const) {
      const frame = decodeFrame(encodeFrame(SUBJECT, kind, author, JSON_BYTES, JOURNAL, keysOf(author)));
      const keys = keysOf('router');
      expect(checkSeal(`${SUBJECT}y`, frame, JOURNAL, keys)).toBe('invalid');
      expect(checkSeal(SUBJECT, { ...frame, kind: 'timer.fired.v1' }, JOURNAL, keys)).toBe('invalid');
      expect(checkSeal(SUBJECT, { ...frame, author: 'router' }, JOURNAL, keys)).toBe('invalid');
      expect(checkSeal(SUBJECT, { ...frame, json: Buffer.from('{"timer":"well"}') }, JOURNAL, keys)).toBe('invalid');
      for (const seal of [
        '-',
        '',
        'h:',
        'e:',
        `h:${'A'.repeat(43)}`,
        `e:${'A'.repeat(86)}`,
        frame.seal.slice(0, -3),
        `${frame.seal}AAAA`,
        frame.seal.replace(/^./, frame.seal.startsWith('h') ? 'e' : 'h'),
      ]) {
        expect(checkSeal(SUBJECT, { ...frame, seal }, JOURNAL, keys)).toBe('invalid');
      }
    }
  });

  it('cannot be made by one who lacks the key, and is not accepted where none belongs', () => {
    expect(() => encodeFrame(SUBJECT, 'session.loaded.v1', 'memory', JSON_BYTES, JOURNAL, keysOf('audit'))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
    expect(
      checkSeal(
        SUBJECT,
        { kind: 'run.note.v1', author: 'router', seal: `h:${'A'.repeat(43)}`, json: JSON_BYTES },
        'none',
        keysOf('guard'),
      ),
    ).toBe('invalid');
  });
});
