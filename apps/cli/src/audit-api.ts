import { Label, RunLimits, RunViewV1, Usage, WireError } from '@signalbox/contracts';
import { parseJson } from '@signalbox/kernel';
import { z } from 'zod';
import { type Access, urlOf } from './mesh-access.js';
import { refusal } from './policy-api.js';

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
export const RunReplay = z.object({
  seq: z.number(),
  left: z.number(),
  frames: z.array(
    z.object({
      seq: z.number(),
      at: z.number().nullable(),
      author: z.string(),
      what: z.string(),
      status: z.string(),
      step: z.number(),
      openCalls: z.number(),
      usage: Usage,
      costNanoUsd: z.number(),
    }),
  ),
  view: RunViewV1,
  limits: RunLimits.nullable(),
  steps: z.array(
    z.object({
      step: z.number(),
      status: z.string(),
      attempt: z.number(),
      content: z.string(),
      error: WireError.nullable(),
      label: Label,
      calls: z.array(
        z.object({
          callId: z.string(),
          tool: z.string(),
          status: z.string(),
          attempt: z.number(),
          arguments: z.string(),
          result: z.string(),
          error: WireError.nullable(),
          label: Label,
        }),
      ),
    }),
  ),
});
/** Of a decision, what the journal has and the rules give otherwise; null: it is not there. */
export const DecisionDiff = z.object({
  seq: z.number(),
  rows: z.array(
    z.object({ event: z.string(), at: z.string(), journal: z.string().nullable(), rules: z.string().nullable() }),
  ),
  more: z.number(),
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
      /** Told of one run alone. */
      differences: z.array(DecisionDiff).optional(),
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

const LetterRow = z.object({
  id: z.string(),
  zone: z.string(),
  state: z.string(),
  stream: z.string(),
  consumer: z.string(),
  streamSeq: z.number(),
  subject: z.string(),
  code: z.string(),
  reason: z.string(),
  deliveries: z.number(),
  at: z.number().nullable(),
  ageMs: z.number().nullable(),
  bytes: z.number(),
  cut: z.boolean(),
  doneBy: z.string().nullable(),
  doneAt: z.number().nullable(),
});
export const LetterList = z.object({ data: z.array(LetterRow), next: z.string().nullable() });
export const LetterShown = z.object({ letter: LetterRow, view: z.unknown() });
export const LetterOutcomes = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      ok: z.boolean(),
      error: z.object({ code: z.string(), message: z.string() }).nullable(),
    }),
  ),
});

export const IncidentList = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      what: z.string(),
      subject: z.string(),
      seq: z.number().nullable(),
      count: z.number(),
      firstAt: z.number(),
      lastAt: z.number(),
    }),
  ),
  looked: z.object({ messages: z.number() }),
  boundary: z.object({ ok: z.boolean(), attempts: z.number(), at: z.number() }).nullable(),
});

/** Asks the audit service's REST API, below `/audit/v1/tenants/<tenant>`; with a body it is a POST. */
export async function readAudit<S extends z.ZodType>(
  access: Access,
  path: string,
  schema: S,
  body?: object,
): Promise<z.infer<S>> {
  const url = `${urlOf(access, 'audit')}/audit/v1/tenants/${access.tenant}${path}`;
  const response = await fetch(url, {
    headers: {
      authorization: `Bearer ${access.adminKey()}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = parseJson(new Uint8Array(await response.arrayBuffer()));
  if (!response.ok) throw refusal(response.status, answer);
  return schema.parse(answer);
}
