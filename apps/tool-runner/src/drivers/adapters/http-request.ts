import type { ToolDriver } from '@signalbox/contracts';
import { type UrlHost, urlHost, urlLeadsTo } from '@signalbox/policy-engine';
import { z } from 'zod';
import { toolFault } from '../tool-fault.js';

type HttpDriver = Extract<ToolDriver, { kind: 'http' }>;

/** What a header may hold (RFC 9110, section 5.5). */
const HeaderValue = z
  .string()
  .max(4_096)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be one line of visible characters');

const HttpArguments = z.object({
  url: z.string().max(8_192),
  /** Default: the first that the tool does. */
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), HeaderValue).default({}),
  body: z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]).optional(),
  contentType: HeaderValue.optional(),
});

/** The connection's own headers are not the caller's to set. */
const RESERVED = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const RESERVED_PREFIX = 'proxy-';

export interface HttpRequest {
  url: string;
  host: UrlHost;
  method: HttpDriver['methods'][number];
  headers: Record<string, string>;
  body?: string;
}

/** The request that a call's arguments ask for, if the tool's own list allows it: TOOL_ARGUMENTS_INVALID or TOOL_DENIED. */
export function httpRequest(driver: HttpDriver, args: unknown, idempotencyKey: string): HttpRequest {
  const { url, method = driver.methods[0], headers, body, contentType } = wantedBy(driver, args);
  const host = urlHost(url);
  if (method === undefined || !driver.methods.includes(method)) {
    throw toolFault('TOOL_DENIED', `The tool does not do ${method}; it does ${driver.methods.join(', ')}.`);
  }
  if (host === null || !urlLeadsTo(url, driver.hosts)) {
    throw toolFault('TOOL_DENIED', `The host ${host?.host ?? '(none)'} is not on the list of this tool.`);
  }
  return {
    url,
    host,
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': contentType ?? typeOf(body) }),
      ...callersOwn(headers),
      // What comes back is read as text, by the recognisers too.
      'accept-encoding': 'identity',
      ...(method === 'GET' ? {} : { 'idempotency-key': idempotencyKey }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
}

/** What the arguments ask for; of a tool with an address, that they are sent there. */
function wantedBy(driver: HttpDriver, args: unknown): z.infer<typeof HttpArguments> {
  if (driver.address !== undefined) return sentTo(driver.address, driver.methods[0], args as Record<string, unknown>);
  const parsed = HttpArguments.safeParse(args);
  if (parsed.success) return parsed.data;
  throw toolFault('TOOL_ARGUMENTS_INVALID', `The arguments are wrong: ${z.prettifyError(parsed.error)}`);
}

function sentTo(
  address: string,
  method: HttpDriver['methods'][number] | undefined,
  args: Record<string, unknown>,
): z.infer<typeof HttpArguments> {
  if (method !== 'GET' && method !== 'DELETE') return { url: address, method, headers: {}, body: args };
  const url = new URL(address);
  const fixed = new Set(url.searchParams.keys());
  for (const [name, value] of Object.entries(args))
    if (!fixed.has(name)) url.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  return { url: url.href, method, headers: {} };
}

function typeOf(body: unknown): string {
  return typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
}

function callersOwn(headers: Record<string, string>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(entries.filter(([name]) => !RESERVED.has(name) && !name.startsWith(RESERVED_PREFIX)));
}
