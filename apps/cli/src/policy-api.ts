import { MeshError, parseJson } from '@signalbox/kernel';
import { z } from 'zod';
import { type Access, urlOf } from './mesh-access.js';

const TIMEOUT_MS = 30_000;
const PAGE = 200;
/** Rows of one listing. */
const ROWS_MAX = 10_000;

/** Changes the policy of the tenant by the admin API, below `/admin/v1/tenants/<tenant>`; what is there is replaced. */
export async function changePolicy(
  access: Access,
  method: 'PUT' | 'DELETE',
  path: string,
  definition?: object,
): Promise<void> {
  const url = `${urlOf(access, 'policy')}/admin/v1/tenants/${access.tenant}${path}`;
  const authorization = `Bearer ${access.adminKey()}`;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const found = await fetch(url, { headers: { authorization }, signal });
  const etag = found.headers.get('etag');
  await found.arrayBuffer();
  const response = await fetch(url, {
    method,
    headers: {
      authorization,
      ...(etag === null ? {} : { 'if-match': etag }),
      ...(definition === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(definition === undefined ? {} : { body: JSON.stringify(definition) }),
    signal,
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!response.ok) throw refusal(response.status, parseJson(bytes));
}

/** What the API says is wrong, under its own code. */
export function refusal(status: number, answer: unknown): MeshError {
  const problem = z.object({ title: z.string(), detail: z.string() }).safeParse(answer);
  if (problem.success) return MeshError.fromWire({ code: problem.data.title, message: problem.data.detail });
  return new MeshError(status === 404 ? 'NOT_FOUND' : 'REQUEST_INVALID', `HTTP ${status}`);
}

export interface PolicyRequest {
  method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  body?: object;
  headers?: Record<string, string>;
}

/** Asks the policy service's admin API, below `/admin/v1/tenants/<tenant>`; null for an answer without a body. */
export function askPolicy<S extends z.ZodType>(
  access: Access,
  path: string,
  schema: S,
  request: PolicyRequest = {},
): Promise<z.infer<S>> {
  return askMesh(access, `/tenants/${access.tenant}${path}`, schema, request);
}

/** The same below `/admin/v1`: what belongs to no tenant. */
export async function askMesh<S extends z.ZodType>(
  access: Access,
  path: string,
  schema: S,
  { method = 'GET', body, headers = {} }: PolicyRequest = {},
): Promise<z.infer<S>> {
  const response = await fetch(`${urlOf(access, 'policy')}/admin/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${access.adminKey()}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const answer = bytes.length === 0 ? null : parseJson(bytes);
  if (!response.ok) throw refusal(response.status, answer);
  return schema.parse(answer);
}

/** All pages of a listing. */
export async function listMesh<S extends z.ZodType>(access: Access, path: string, item: S): Promise<z.infer<S>[]> {
  const Page = z.object({ items: z.array(item), next: z.string().nullable() });
  const found: z.infer<S>[] = [];
  for (let next: string | null = ''; next !== null;) {
    const after: string = next === '' ? '' : `&after=${encodeURIComponent(next)}`;
    const page: { items: z.infer<S>[]; next: string | null } = await askMesh(
      access,
      `${path}?limit=${PAGE}${after}`,
      Page,
    );
    found.push(...page.items);
    if (found.length > ROWS_MAX) throw new MeshError('OVERLOADED', `There are more than ${ROWS_MAX}.`);
    next = page.next;
  }
  return found;
}
