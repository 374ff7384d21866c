import { ERROR_CODES } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { MeshError } from './mesh-error.js';

describe('MeshError', () => {
  it('survives the wire for every code', () => {
    for (const code of ERROR_CODES) {
      const there = new MeshError(code, 'because', { details: { field: 'x' } });
      const back = MeshError.fromWire(JSON.parse(JSON.stringify(there.toWire())));
      expect(back).toMatchObject({ code, message: 'because', kind: there.kind, retry: there.retry, details: { field: 'x' } });
    }
  });

  it('turns what it cannot read into INTERNAL', () => {
    for (const junk of [null, 'x', {}, { code: 'NOPE', message: 'x' }]) expect(MeshError.fromWire(junk).code).toBe('INTERNAL');
  });
});
