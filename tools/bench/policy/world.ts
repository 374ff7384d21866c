/** Small worlds of entities and requests in Cedar's JSON formats, with values that lie on the edges of each type. */
import type { CedarValueJson, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';
import type { Random } from './random.ts';

export interface Question {
  principal: TypeAndId;
  action: TypeAndId;
  resource: TypeAndId;
  context: Record<string, CedarValueJson>;
  entities: EntityJson[];
}

export const TEXTS = [
  '',
  'a',
  'ab',
  'abc',
  'a*c',
  '*',
  'x.example.com',
  'https://example.com/a',
  'é',
  '😀',
  'A',
  '1',
  '"\\\n',
];
export const NAMES = ['on', 'count', 'text', 'who', 'list', 'inner', 'cost', 'from', 'at', 'for', 'a b', 'ghost'];
const LONGS = [0, 1, -1, 2, 3, 7, 100, -100, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
const DECIMALS = ['0.0', '1.0', '1.00', '-0.5', '0.0001', '12.34', '922337203685477.5807', '-922337203685477.5808'];
const BAD_DECIMALS = ['1', '1.23456', '.5', '1.', '922337203685477.5808', '+1.0', ' 1.0', ''];
const IPS = [
  '127.0.0.1', '10.0.0.0/8', '10.1.2.3', '10.1.2.3/32', '0.0.0.0/0', '224.0.0.1', '224.0.0.0/3', '255.255.255.255/31',
  '::1', '::', 'ff00::/8', 'ff02::1', 'fe80::1/64', '1:2:3:4:5:6:7:8', '1::8', '::ffff:7f00:1', '127.0.0.1/1', '127.0.0.1/9', '::1/127', '::/0', '2001:DB8::/32',
]; // prettier-ignore
const BAD_IPS = [
  '1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4/33', '1.2.3.4/08', '1.2.3.4/', '1:2', ':::', '::ffff:1.2.3.4', '1::2::3',
  '1:2:3:4:5:6:7::8', '::1%lo', '1.2.3.4/8/8', '', '::/129', '12345::', '1:2:3:4:5:6:7:8:9', '::1/001', '1::2:3:4:5:6:7:8',
]; // prettier-ignore
const TIMES = [
  '1970-01-01', '1969-12-31', '2024-02-29', '2026-11-28T12:34:56Z', '2026-11-28T12:34:56.789Z', '1969-12-31T23:59:59.999Z',
  '2026-11-28T00:30:00+0100', '2026-11-28T23:30:00.001-1130', '0000-01-01', '9999-12-31T23:59:59.999Z', '2026-11-28T12:34:56+2359',
]; // prettier-ignore
const BAD_TIMES = [
  '2023-02-29', '2026-13-01', '2026-00-10', '2026-11-31', '2026-11-28T24:00:00Z', '2026-11-28T12:60:00Z', '2026-11-28T12:34:60Z',
  '2026-11-28T12:34:56', '2026-11-28T12:34:56.7Z', '2026-11-28 12:34:56Z', '26-11-28', '2026-11-28T12:34:56+24:00', '',
  '2026-11-28T12:34:56+2400', '2026-11-28T12:34:56+0060', '2026-11-28T12:34:56z', '2026-11-28T12:34:56.789', '+2026-11-28',
]; // prettier-ignore
const SPANS = [
  '0ms', '1ms', '1s', '1m', '1h', '1d', '-1d', '1d2h3m4s5ms', '-1h30m', '86400000ms', '9223372036854775807ms', '-9223372036854775808ms',
  '36h', '-1ms', '106751991167d7h12m55s807ms', '999999ms', '-86399s',
]; // prettier-ignore
const BAD_SPANS = [
  '',
  '-',
  '1',
  '1h1d',
  '1D',
  '1.5h',
  '9223372036854775808ms',
  '106751991168d',
  '1h 1m',
  '--1h',
  '+1h',
  '1ms1ms',
];

const UIDS: readonly TypeAndId[] = [
  { type: 'Agent', id: 'a' }, { type: 'Agent', id: 'b' }, { type: 'Agent', id: 'ghost' }, { type: 'Team', id: 'red' },
  { type: 'Team', id: 'all' }, { type: 'Tool', id: 'get' }, { type: 'Tool', id: 'post' }, { type: 'Tool', id: 'ghost' },
  { type: 'Kit', id: 'web' }, { type: 'Kit', id: 'any' }, { type: 'Space::User', id: 'a"b\\' },
]; // prettier-ignore
const ACTIONS = ['call', 'see', 'use', 'ghost'].map((id) => ({ type: 'Action', id }));
export const TYPES = [...new Set(UIDS.map(({ type }) => type))];

export const uid = (random: Random): TypeAndId => random.pick(UIDS);
export const action = (random: Random): TypeAndId => random.pick(ACTIONS);
export const long = (random: Random): number => (random.chance(0.8) ? random.below(5) - 1 : random.pick(LONGS));

/** What an extension function takes as its text; one in twelve is not one. */
export function extensionText(random: Random, kind: 'ip' | 'decimal' | 'datetime' | 'duration'): string {
  const [good, bad] = (
    {
      ip: [IPS, BAD_IPS],
      decimal: [DECIMALS, BAD_DECIMALS],
      datetime: [TIMES, BAD_TIMES],
      duration: [SPANS, BAD_SPANS],
    } satisfies Record<string, [string[], string[]]>
  )[kind];
  return random.pick(random.chance(1 / 12) ? bad : good);
}

const extension = (
  random: Random,
  fn: 'ip' | 'decimal' | 'datetime' | 'duration',
  good: readonly string[],
): CedarValueJson => ({
  __extn: { fn, arg: random.pick(good) },
});

/** A value of the kind that the attribute of this name has. */
function valueOf(random: Random, name: string, depth: number): CedarValueJson {
  switch (random.chance(0.04) ? random.pick(NAMES) : name) {
    case 'on':
      return random.chance(0.5);
    case 'count':
      return long(random);
    case 'who':
      return { __entity: uid(random) };
    case 'list':
      return random.some(4, () => valueOf(random, depth > 1 ? 'count' : random.pick(NAMES), depth + 1));
    case 'inner':
      return depth > 2 ? {} : attributes(random, depth + 1);
    case 'cost':
      return extension(random, 'decimal', DECIMALS);
    case 'from':
      return extension(random, 'ip', IPS);
    case 'at':
      return extension(random, 'datetime', TIMES);
    case 'for':
      return extension(random, 'duration', SPANS);
    default:
      return random.pick(TEXTS);
  }
}

export function attributes(random: Random, depth = 0): Record<string, CedarValueJson> {
  const names = NAMES.filter((name) => name !== 'ghost' && random.chance(depth === 0 ? 0.8 : 0.4));
  return Object.fromEntries(names.map((name) => [name, valueOf(random, name, depth)]));
}

/** Parents come later in the list, so there is no cycle. */
const PARENTS: Record<string, TypeAndId[]> = {
  a: [{ type: 'Team', id: 'red' }],
  red: [{ type: 'Team', id: 'all' }],
  get: [
    { type: 'Kit', id: 'web' },
    { type: 'Kit', id: 'any' },
  ],
  post: [{ type: 'Kit', id: 'web' }],
  web: [{ type: 'Kit', id: 'any' }],
  call: [{ type: 'Action', id: 'use' }],
};

export function question(random: Random): Question {
  const of = (...types: string[]): TypeAndId => random.pick(UIDS.filter(({ type }) => types.includes(type)));
  const principal = random.chance(0.9) ? of('Agent') : uid(random);
  const resource = random.chance(0.9) ? of('Tool') : uid(random);
  const known = [...UIDS, ...ACTIONS].filter(({ id }) => id !== 'ghost');
  const entities = known.map((one) => {
    const isAsked = one === principal || one === resource;
    return {
      uid: one,
      parents: (PARENTS[one.id] ?? []).filter(() => random.chance(0.9)),
      attrs: isAsked ? attributes(random, 1) : {},
      ...(isAsked ? { tags: attributes(random, 2) } : {}),
    };
  });
  return {
    principal,
    action: random.chance(0.8) ? ACTIONS[0]! : action(random),
    resource,
    context: attributes(random),
    entities,
  };
}
