import { parseArgs } from 'node:util';
import { TenantId } from '@signalbox/contracts';

export const USAGE = `usage:
  provisioner render    --keys <dir> --out <dir> --port <n> [--tenants a,b] [--store <dir>] [--monitor <port>]
      makes missing keys and writes <out>/nats.conf; without --store the command line of nats-server names it (-sd)
  provisioner provision --keys <dir> --url nats://… [--tenants a,b] [--replicas 1]
      creates streams, durables and buckets, then tries to get round the guard
  provisioner mend      --keys <dir> --url nats://… [--replicas 1]
      the first half of that, for a nats-server that came back: a durable that is ahead of its stream is made anew
  provisioner attack    --keys <dir> --url nats://… [--tenants a,b]
      tries to get round the guard of a bus that lives, harms nothing, and puts the outcome on record`;

/** The command line is wrong; the message says how. */
export class UsageError extends Error {}

export type Command =
  | {
      name: 'render';
      keysDir: string;
      outDir: string;
      tenants: string[];
      port: number;
      storeDir?: string;
      monitorPort?: number;
    }
  | { name: 'provision' | 'mend'; keysDir: string; url: string; tenants: string[]; replicas: number }
  | { name: 'attack'; keysDir: string; url: string; tenants: string[] };

const text = { type: 'string' } as const;
const OPTIONS = {
  keys: text,
  out: text,
  tenants: text,
  store: text,
  port: text,
  monitor: text,
  url: text,
  replicas: text,
};
type Values = { [K in keyof typeof OPTIONS]?: string };

const USED: Record<Command['name'], (keyof typeof OPTIONS)[]> = {
  render: ['keys', 'out', 'tenants', 'store', 'port', 'monitor'],
  provision: ['keys', 'url', 'tenants', 'replicas'],
  mend: ['keys', 'url', 'tenants', 'replicas'],
  attack: ['keys', 'url', 'tenants'],
};

export function readArguments(args: readonly string[]): Command {
  const { name, values } = parse(args);
  const stray = Object.keys(values).filter((key) => !USED[name].includes(key as keyof typeof OPTIONS));
  if (stray.length > 0) throw new UsageError(`${name} takes no --${stray.join(', --')}`);
  const common = { keysDir: required(values, 'keys'), tenants: tenantsOf(values.tenants) };
  if (name !== 'render') {
    const url = required(values, 'url');
    if (!/^(nats|tls):\/\//.test(url)) throw new UsageError('--url must be a nats:// or tls:// URL');
    if (name === 'attack') return { name, ...common, url };
    return { name, ...common, url, replicas: wholeNumber('replicas', values.replicas ?? '1', 5) };
  }
  return {
    name,
    ...common,
    outDir: required(values, 'out'),
    port: wholeNumber('port', required(values, 'port'), 65_535),
    ...(values.store === undefined ? {} : { storeDir: values.store }),
    ...(values.monitor === undefined ? {} : { monitorPort: wholeNumber('monitor', values.monitor, 65_535) }),
  };
}

const isName = (name: string | undefined): name is Command['name'] => name !== undefined && Object.hasOwn(USED, name);

function parse(args: readonly string[]): { name: Command['name']; values: Values } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const [name, ...rest] = positionals;
    if (!isName(name) || rest.length > 0) throw new Error('the first word must be render, provision, mend or attack');
    return { name, values };
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function required(values: Values, key: keyof typeof OPTIONS): string {
  const value = values[key];
  if (value === undefined || value === '') throw new UsageError(`--${key} is missing`);
  return value;
}

function wholeNumber(key: string, value: string, max: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > max)
    throw new UsageError(`--${key} must be a whole number from 1 to ${max}`);
  return number;
}

function tenantsOf(list = ''): string[] {
  const tenants = [
    ...new Set(
      list
        .split(',')
        .map((tenant) => tenant.trim())
        .filter(Boolean),
    ),
  ];
  for (const tenant of tenants) {
    const { success, error } = TenantId.safeParse(tenant);
    if (!success) throw new UsageError(`tenant "${tenant}" ${error.issues[0]?.message ?? 'is not valid'}`);
  }
  return tenants;
}
