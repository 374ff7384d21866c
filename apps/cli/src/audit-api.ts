import { MeshError, parseJson } from '@signalbox/kernel';
import { z } from 'zod';
import { type Access, urlOf } from './mesh-access.js';

const TIMEOUT_MS = 30_000;

export const RunRow = z.object({
  runId: z.string(),
  agent: z.string().nullable(),
  userId: z.string().nullable(),
  status: z.string(),
  acceptedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  costNanoUsd: z.number(),
  toolCalls: z.number(),
  denied: z.number(),
});
export const RunList = z.object({ data: z.array(RunRow) });
export const RunStory = z.object({
  run: RunRow,
  story: z.array(z.object({ seq: z.number(), at: z.number().nullable(), author: z.string(), text: z.string() })),
});
export const Verification = z.object({
  next: z.string().nullish(),
  data: z.array(
    z.object({
      runId: z.string(),
      ok: z.boolean(),
      entries: z.number(),
      head: z.string(),
      faults: z.array(z.string()),
    }),
  ),
});
export const CostTable = z.object({
  data: z.array(
    z.object({
      key: z.string(),
      runs: z.number(),
      inputTokens: z.number(),
      outputTokens: z.number(),
      costNanoUsd: z.number(),
    }),
  ),
});

/** Reads from the audit service's REST API, below `/audit/v1/tenants/<tenant>`. */
export async function readAudit<S extends z.ZodType>(access: Access, path: string, schema: S): Promise<z.infer<S>> {
  const url = `${urlOf(access, 'audit')}/audit/v1/tenants/${access.tenant}${path}`;
  const headers = { authorization: `Bearer ${access.key('admin.token')}` };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const body = parseJson(new Uint8Array(await response.arrayBuffer()));
  if (!response.ok) {
    const problem = z.object({ title: z.string(), detail: z.string() }).safeParse(body);
    throw new MeshError(
      'STORE_UNAVAILABLE',
      problem.success ? `${problem.data.title}: ${problem.data.detail}` : `HTTP ${response.status}`,
    );
  }
  return schema.parse(body);
}
