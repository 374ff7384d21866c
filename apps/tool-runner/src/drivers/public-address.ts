import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, type LookupFunction } from 'node:net';

/** Address space that is not the public internet: a name must not lead a tool inside. IANA special-purpose registries. */
const inside = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24],
  ['192.0.2.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4],
] as const) {
  inside.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::', 128], ['::1', 128], ['::ffff:0:0', 96], ['64:ff9b::', 96], ['100::', 64], ['2001:db8::', 32], ['fc00::', 7], ['fe80::', 10], ['ff00::', 8],
] as const) {
  inside.addSubnet(net, bits, 'ipv6');
}

export function isPublicAddress(address: string, family: number): boolean {
  return !inside.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Resolves a name for one connection and refuses addresses inside: what was checked is what is connected to. */
export const publicOnlyLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 4);
    const found = addresses.filter(({ address, family }) => isPublicAddress(address, family));
    const first = found[0];
    if (!first) {
      return callback(Object.assign(new Error('the name leads to no public address'), { code: 'EADDRNOTPUBLIC' }), '', 4);
    }
    if (options.all) return callback(null, found);
    return callback(null, first.address, first.family);
  });
};
