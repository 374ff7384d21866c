import type { ToolDriver } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { httpRequest } from './http-request.js';

type HttpDriver = Extract<ToolDriver, { kind: 'http' }>;

const at = (methods: HttpDriver['methods'], address = 'https://api.example/pay?v=1'): HttpDriver => ({
  kind: 'http',
  hosts: ['api.example'],
  methods,
  address,
});

describe('a request of a tool with an address', () => {
  it('carries all arguments as its body, and lets none of them say where it goes', () => {
    const args = { to: 'ann', url: 'https://evil.example/', method: 'DELETE', headers: { cookie: 'x' } };
    expect(httpRequest(at(['POST', 'GET']), args, 'key')).toEqual({
      url: 'https://api.example/pay?v=1',
      host: expect.objectContaining({ host: 'api.example' }),
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-encoding': 'identity', 'idempotency-key': 'key' },
      body: JSON.stringify(args),
    });
  });

  it('carries them as its query where there is no body, beside what the address fixes', () => {
    const { url, body } = httpRequest(at(['GET']), { q: 'a&b=c', n: 2, v: '3', list: ['x'] }, 'key');
    expect(url).toBe('https://api.example/pay?v=1&q=a%26b%3Dc&n=2&list=%5B%22x%22%5D');
    expect(body).toBeUndefined();
  });

  it('is refused where the address is not on the list of hosts', () => {
    expect(() => httpRequest(at(['POST'], 'https://other.example/'), {}, 'key')).toThrow(/not on the list/);
  });
});
