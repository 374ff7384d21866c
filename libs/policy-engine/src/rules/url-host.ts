/** Where a URL leads: the host as DNS or an IP literal has it, and the port in effect. */
export interface UrlHost {
  host: string;
  port: number;
  /** The port is the scheme's own: 80 of http, 443 of https. */
  portIsDefault: boolean;
  isIp: boolean;
}

/** One entry of a host allowlist: `host`, `host:port`, `host:*`, or any of them under `*.`. */
export interface HostPattern {
  host: string;
  /** Matches the names below `host`, at any depth, but neither `host` itself nor an IP literal. */
  wildcard: boolean;
  port: number | 'default' | 'any';
}

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };
/** Parsers disagree on white space, control and format characters and backslashes: some drop them, some end the host there. */
const AMBIGUOUS = /[\s\p{Cc}\p{Cf}\\]/u;
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * The host that a client asks when it is given this text, read by the WHATWG rules that undici follows: lower case,
 * IDN in punycode, odd IPv4 spellings in dotted form, one trailing dot dropped. Null for whatever is not plainly an http
 * or https URL: other schemes, userinfo, white space, control characters, backslashes, empty labels.
 */
export function urlHost(text: string): UrlHost | null {
  if (AMBIGUOUS.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const defaultPort = DEFAULT_PORTS[url.protocol];
  if (defaultPort === undefined || url.username !== '' || url.password !== '') return null;
  // `https:host`, `https:/host` and `https://@host` parse, yet other clients read them otherwise.
  if (!/^https?:\/\/[^/?#@]+(?:[/?#]|$)/i.test(text)) return null;
  const host = plainHost(url.hostname);
  if (host === null) return null;
  const port = url.port === '' ? defaultPort : Number(url.port);
  return { host, port, portIsDefault: port === defaultPort, isIp: isIp(host) };
}

/** The pattern, or null when the text is not one. A wildcard needs two labels below it, and never covers an IP literal. */
export function parseHostPattern(text: string): HostPattern | null {
  const wildcard = text.startsWith('*.');
  const match = /^(?<name>\[[0-9A-Fa-f:.]+\]|[^:/?#@\\\s[\]*]+)(?::(?<port>\*|\d{1,5}))?$/u.exec(
    wildcard ? text.slice(2) : text,
  );
  const { name, port } = match?.groups ?? {};
  if (name === undefined || !URL.canParse(`http://${name}/`)) return null;
  const host = plainHost(new URL(`http://${name}/`).hostname);
  if (host === null) return null;
  if (wildcard && (isIp(host) || !host.includes('.'))) return null;
  if (port !== undefined && port !== '*' && (Number(port) < 1 || Number(port) > 65_535)) return null;
  return { host, wildcard, port: port === undefined ? 'default' : port === '*' ? 'any' : Number(port) };
}

export function hostMatches(pattern: HostPattern, url: UrlHost): boolean {
  const named = pattern.wildcard ? !url.isIp && url.host.endsWith(`.${pattern.host}`) : url.host === pattern.host;
  if (!named) return false;
  if (pattern.port === 'any') return true;
  return pattern.port === 'default' ? url.portIsDefault : url.port === pattern.port;
}

/**
 * Whether a URL leads to one of these hosts. For enforcement points that hold a list of hosts, such as the HTTP tool
 * driver; unreadable URLs and patterns match nothing.
 */
export function urlLeadsTo(text: string, hosts: readonly string[]): boolean {
  const url = urlHost(text);
  if (url === null) return false;
  return hosts.some((host) => {
    const pattern = parseHostPattern(host);
    return pattern !== null && hostMatches(pattern, url);
  });
}

function plainHost(hostname: string): string | null {
  const host = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
  if (isIp(host)) return host;
  if (host.length > 253) return null;
  return host.split('.').every((label) => LABEL.test(label)) ? host : null;
}

function isIp(host: string): boolean {
  return host.startsWith('[') || IPV4.test(host);
}
