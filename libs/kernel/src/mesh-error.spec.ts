import { ERROR_CODES, ERRORS } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { MeshError } from './mesh-error.js';

describe('MeshError', () => {
  it('survives the wire for every code', () => {
    for (const code of ERROR_CODES) {
      const there = new MeshError(code, 'because', { details: { field: 'x' } });
      const back = MeshError.fromWire(JSON.parse(JSON.stringify(there.toWire())));
      expect(back).toMatchObject({
        code,
        message: 'because',
        kind: there.kind,
        retry: there.retry,
        details: { field: 'x' },
      });
    }
  });

  it('turns what it cannot read into INTERNAL', () => {
    for (const junk of [null, 'x', {}, { code: 'NOPE', message: 'x' }])
      expect(MeshError.fromWire(junk).code).toBe('INTERNAL');
  });

  it('keeps what others wrote to itself: a parser quotes what it read', () => {
    const raw = 'anna@example.com';
    let thrown: unknown;
    try {
      JSON.parse(`{"mail": ${raw}}`);
    } catch (error) {
      thrown = error;
    }
    const error = MeshError.from(thrown);
    expect(error.message).toContain('anna');
    expect(error.cause).toBe(thrown);
    expect(error.toWire()).toEqual({ code: 'INTERNAL', message: ERRORS.INTERNAL.doc, details: {} });
    expect(MeshError.from(raw, 'BUS_UNAVAILABLE').toWire().message).toBe(ERRORS.BUS_UNAVAILABLE.doc);
  });

  it('wraps anything that can be thrown, and nothing twice', () => {
    for (const thrown of [undefined, null, 1, Symbol('x'), Object.create(null)])
      expect(MeshError.from(thrown).code).toBe('INTERNAL');
    const own = new MeshError('NOT_FOUND', 'There is no such thing.');
    expect(MeshError.from(own, 'INTERNAL')).toBe(own);
    expect(own.toWire().message).toBe('There is no such thing.');
  });

  it('can always be sent: long texts are cut, details without bound are dropped', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const details of [cycle, { n: 1n }, { text: 'x'.repeat(20_000) }]) {
      expect(new MeshError('INTERNAL', 'x', { details }).toWire().details).toEqual({ dropped: true });
    }
    const { message } = new MeshError('INTERNAL', `${'x'.repeat(1_999)}💡`).toWire();
    expect(message).toHaveLength(2_000);
    expect(message.isWellFormed()).toBe(true);
    expect(MeshError.fromWire({ code: 'INTERNAL', message }).message).toBe(message);
  });
});
