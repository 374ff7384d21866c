import { describe, expect, it } from 'vitest';
import { idFrom, kindFrom, PageQuery, preconditionFrom, tenantFrom } from './http.js';

const refused = (fields: string[]): unknown =>
  expect.objectContaining({ code: 'REQUEST_INVALID', details: { fields } });

describe('preconditionFrom', () => {
  it('reads ETags as this API gives them', () => {
    expect(preconditionFrom({})).toEqual({});
    expect(preconditionFrom({ 'if-match': '"12"' })).toEqual({ ifMatch: 12 });
    expect(preconditionFrom({ 'if-match': ' * ' })).toEqual({ ifMatch: '*' });
    expect(preconditionFrom({ 'if-none-match': '*' })).toEqual({ ifNoneMatch: true });
  });

  it('takes no weak, listed or foreign ones', () => {
    for (const header of ['12', 'W/"12"', '"1","2"', '""', '"-1"', '"1e3"', '"99999999999"', '']) {
      expect(() => preconditionFrom({ 'if-match': header })).toThrow(refused(['If-Match']));
    }
    expect(() => preconditionFrom({ 'if-none-match': '"1"' })).toThrow(refused(['If-None-Match']));
  });
});

describe('parameters', () => {
  it('are named when they are wrong', () => {
    expect(tenantFrom('acme')).toBe('acme');
    expect(() => tenantFrom('A')).toThrow(refused(['tenant']));
    expect(() => idFrom('a.b')).toThrow(refused(['id']));
    expect(() => kindFrom('constructor')).toThrow(expect.objectContaining({ code: 'ROUTE_UNKNOWN' }));
  });

  it('bound a page', () => {
    expect(PageQuery.parse({})).toEqual({ after: '', limit: 50 });
    expect(PageQuery.parse({ limit: '200', after: 'a' })).toEqual({ after: 'a', limit: 200 });
  });
});
