import { MeshError, parseJson } from '@signalbox/kernel';
import { z } from 'zod';
import { type Access, urlOf } from './mesh-access.js';

const TIMEOUT_MS = 30_000;

export const ScheduleShown = z.object({
  id: z.string(),
  revision: z.number(),
  definition: z.looseObject({
    agent: z.string(),
    keyId: z.string(),
    enabled: z.boolean(),
    times: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('cron'), cron: z.string(), timeZone: z.string() }),
      z.object({ kind: z.literal('interval'), everyMs: z.number(), startAt: z.number() }),
    ]),
  }),
  input: z.unknown(),
  nextAt: z.string().nullable(),
  last: z.looseObject({ dueAt: z.string(), outcome: z.string(), runId: z.string().nullable() }).nullable(),
  started: z.number(),
  missed: z.number(),
});
export const ScheduleList = z.object({ items: z.array(ScheduleShown), next: z.string().nullable() });
export const Upcoming = z.object({ items: z.array(z.string()) });

export interface PolicyRequest {
  method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  body?: object;
  headers?: Record<string, string>;
}

/** Asks the policy service's admin API, below `/admin/v1/tenants/<tenant>`; null for an answer without a body. */
export async function askPolicy<S extends z.ZodType>(
  access: Access,
  path: string,
  schema: S,
  { method = 'GET', body, headers = {} }: PolicyRequest = {},
): Promise<z.infer<S>> {
  const response = await fetch(`${urlOf(access, 'policy')}/admin/v1/tenants/${access.tenant}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${access.key('admin.token')}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const answer = bytes.length === 0 ? null : parseJson(bytes);
  if (!response.ok) {
    const problem = z.object({ title: z.string(), detail: z.string() }).safeParse(answer);
    const said = problem.success ? `${problem.data.title}: ${problem.data.detail}` : `HTTP ${response.status}`;
    throw new MeshError(response.status === 404 ? 'NOT_FOUND' : 'REQUEST_INVALID', said);
  }
  return schema.parse(answer);
}
