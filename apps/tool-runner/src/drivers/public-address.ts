import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, type LookupFunction } from 'node:net';

/** IPv4 space that is not the public internet. IANA special-purpose address registry. */
const SPECIAL_V4 = blockList('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);
/** All that is ever routed publicly; IPv4 in disguise (mapped, translated) lies outside. */
const GLOBAL_V6 = blockList('ipv6', ['2000::/3']);
/** Within it: protocol assignments and Teredo, documentation, 6to4, documentation. */
const SPECIAL_V6 = blockList('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

/** Families are kept apart: a list with rules of IPv6 for mapped addresses would hold every IPv4 address. */
function blockList(family: 'ipv4' | 'ipv6', subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = '', bits] = subnet.split('/');
    list.addSubnet(net, Number(bits), family);
  }
  return list;
}

/** A tool must not reach inside by way of a name. `family` is 4 or 6. */
export function isPublicAddress(address: string, family: number): boolean {
  if (family === 4) return !SPECIAL_V4.check(address, 'ipv4');
  return GLOBAL_V6.check(address, 'ipv6') && !SPECIAL_V6.check(address, 'ipv6');
}

export const NOT_PUBLIC = 'EADDRNOTPUBLIC';

/** Resolves a name for one connection and refuses addresses inside: what was checked is what is connected to. */
export const publicOnlyLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 4);
    const found = addresses.filter(({ address, family }) => isPublicAddress(address, family));
    const first = found[0];
    if (!first) {
      return callback(Object.assign(new Error('the name leads to no public address'), { code: NOT_PUBLIC }), '', 4);
    }
    if (options.all) return callback(null, found);
    return callback(null, first.address, first.family);
  });
};
