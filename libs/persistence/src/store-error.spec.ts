import { MeshError } from '@signalbox/kernel';
import { describe, expect, it } from 'vitest';
import { storeError } from './store-error.js';

const fault = (properties: object): Error => Object.assign(new Error('text with a value'), properties);

describe('storeError', () => {
  it('tells what may pass from what will not', () => {
    const codes: [unknown, string][] = [
      [fault({ code: 'ECONNREFUSED' }), 'STORE_UNAVAILABLE'],
      [fault({ code: '57P01' }), 'STORE_UNAVAILABLE'],
      [fault({ code: '53300' }), 'STORE_UNAVAILABLE'],
      [fault({ code: '40001' }), 'STORE_UNAVAILABLE'],
      [new AggregateError([fault({ code: 'ECONNREFUSED' })]), 'STORE_UNAVAILABLE'],
      [new Error('Connection terminated unexpectedly'), 'STORE_UNAVAILABLE'],
      [new Error('timeout exceeded when trying to connect'), 'STORE_UNAVAILABLE'],
      [fault({ driverError: fault({ code: '23505' }) }), 'CONFLICT'],
      [fault({ code: '28P01' }), 'CONFIG_INVALID'],
      [fault({ code: '3D000' }), 'CONFIG_INVALID'],
      [fault({ code: '22P02' }), 'INTERNAL'],
      [new Error('anything'), 'INTERNAL'],
      [undefined, 'INTERNAL'],
      ['text', 'INTERNAL'],
    ];
    expect(codes.map(([thrown]) => storeError(thrown).code)).toEqual(codes.map(([, code]) => code));
  });

  it('repeats nothing of what the driver said, and leaves our own errors alone', () => {
    expect(storeError(fault({ code: '23505' })).message).not.toContain('value');
    const own = new MeshError('NOT_FOUND', 'There is no such thing.');
    expect(storeError(own)).toBe(own);
  });
});
