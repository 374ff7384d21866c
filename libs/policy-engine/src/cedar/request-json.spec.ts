import { describe, expect, it } from 'vitest';
import { Entities } from './entities.js';
import { literalOf } from './literal.js';
import { requestJson } from './request-json.js';
import { type CedarRecord, EntityUid, keyOf } from './value.js';

const VALUES = {
  text: 'a "b"',
  yes: true,
  small: -7,
  list: [1, 2, 'x'],
  user: { __entity: { type: 'User', id: 'ann' } },
  price: { __extn: { fn: 'decimal', arg: '-0.0500' } },
  large: { __extn: { fn: 'decimal', arg: '922337203685477.5807' } },
  four: { __extn: { fn: 'ip', arg: '10.1.2.0/24' } },
  six: { __extn: { fn: 'ip', arg: '2001:db8::1/64' } },
  day: { __extn: { fn: 'datetime', arg: '2026-01-31T08:00:00.250Z' } },
  span: { __extn: { fn: 'duration', arg: '-1d2h' } },
  nested: { deep: { er: [{ __entity: { type: 'User', id: 'bob' } }] } },
};

describe('requestJson', () => {
  it('tells every kind of value so that it reads the same again', () => {
    const context = literalOf(VALUES) as CedarRecord;
    const [principal, action, resource] = [
      new EntityUid('Agent', 'a'),
      new EntityUid('Action', 'call'),
      new EntityUid('Tool', 't'),
    ];
    const entities = new Entities([{ uid: resource, parents: [principal], attributes: context }]);
    const told = requestJson({ principal, action, resource, context, entities });
    expect(keyOf(literalOf(told.context))).toBe(keyOf(context));
    expect(told.entities).toMatchObject([{ uid: { type: 'Tool', id: 't' }, parents: [{ type: 'Agent', id: 'a' }] }]);
    expect(told.resource).toEqual({ type: 'Tool', id: 't' });
  });
});
