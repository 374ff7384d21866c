import { describe, expect, it } from 'vitest';
import { currentKind, upcast, type Upcaster } from './upcast.js';

const upcasters: Record<string, Upcaster> = {
  'lamp.lit.v1': { to: 'lamp.lit.v2', upcast: (body) => ({ ...(body as object), watts: 5 }) },
  'lamp.lit.v2': { to: 'lamp.lit.v3', upcast: (body) => ({ lamp: body }) },
};

describe('upcast', () => {
  it('reads an entry of an old kind as the newest, one version after the other', () => {
    const read = upcast('lamp.lit.v1', { colour: 'red' }, upcasters);
    expect(read).toEqual({ kind: 'lamp.lit.v3', body: { lamp: { colour: 'red', watts: 5 } } });
    expect(upcast('lamp.lit.v2', { watts: 7 }, upcasters)).toEqual({
      kind: 'lamp.lit.v3',
      body: { lamp: { watts: 7 } },
    });
    expect(currentKind('lamp.lit.v1', upcasters)).toBe('lamp.lit.v3');
  });

  it('leaves what has no upcaster as it is, whatever it is called', () => {
    const body = { colour: 'red' };
    for (const kind of ['lamp.lit.v3', 'unheard.of', 'constructor', '__proto__']) {
      expect(upcast(kind, body, upcasters)).toEqual({ kind, body });
      expect(currentKind(kind)).toBe(kind);
    }
  });
});
