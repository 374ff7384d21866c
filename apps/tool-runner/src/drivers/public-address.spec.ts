import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { isPublicAddress, publicOnlyLookup } from './public-address.js';

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '93.184.215.14', '172.15.255.255', '172.32.0.1', '100.128.0.1', '223.255.255.255'])(
    'takes %s',
    (address) => expect(isPublicAddress(address, 4)).toBe(true),
  );

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.19.255.255',
    '224.0.0.251',
    '255.255.255.255',
  ])('refuses %s', (address) => expect(isPublicAddress(address, 4)).toBe(false));

  it.each(['2606:4700:4700::1111', '2a00:1450:4001:830::200e', '2001:4860:4860::8888'])('takes %s', (address) =>
    expect(isPublicAddress(address, 6)).toBe(true),
  );

  it.each([
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
  ])('refuses %s', (address) => expect(isPublicAddress(address, 6)).toBe(false));
});

describe('publicOnlyLookup', () => {
  const resolve = (name: string, all: boolean): Promise<string | LookupAddress[]> =>
    new Promise((done, fail) => {
      publicOnlyLookup(name, { all }, (error, address) => (error ? fail(error) : done(address)));
    });

  it.each(['localhost', '127.0.0.1', '169.254.169.254'])('does not resolve %s', async (name) => {
    await expect(resolve(name, true)).rejects.toMatchObject({ code: 'EADDRNOTPUBLIC' });
    await expect(resolve(name, false)).rejects.toMatchObject({ code: 'EADDRNOTPUBLIC' });
  });

  it('gives what it checked, as one address or as a list', async () => {
    await expect(resolve('8.8.8.8', false)).resolves.toBe('8.8.8.8');
    await expect(resolve('8.8.8.8', true)).resolves.toEqual([{ address: '8.8.8.8', family: 4 }]);
  });
});
