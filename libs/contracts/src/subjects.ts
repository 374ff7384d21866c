import { createHash } from 'node:crypto';
import { RUN_ID, RunId, TENANT_ID, TenantId, Token, TOKEN } from './ids.js';
import { PARTITION_NAMES, PARTITIONS } from './partitions.js';

const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz';

/** `count` characters of Crockford base 32 from the first 5 × `count` bits of `bytes`. */
export function base32(bytes: Uint8Array, count: number): string {
  let out = '';
  for (let i = 0; i < count; i++) {
    const bit = i * 5;
    const pair = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0);
    out += BASE32[(pair >> (11 - (bit & 7))) & 31];
  }
  return out;
}

const sha256 = (...parts: string[]): Buffer => createHash('sha256').update(parts.join('\0')).digest();

/** The partition of a session: all runs of a session share one and so keep their order. */
export function partitionOf(tenant: string, session: string): string {
  return PARTITION_NAMES[sha256('partition', tenant, session).readUInt32BE(0) % PARTITIONS]!;
}

export interface RunOrigin {
  tenant: string;
  requestId: string;
  session?: string | undefined;
  previousRunId?: string | undefined;
}

/**
 * The id of the run that a request starts: the same request gives the same run, however often it is sent.
 * `run_<partition>_<26>`: the first ten characters sort by time where the request id carries one.
 */
export function runIdFor(origin: RunOrigin): string {
  const partition = origin.previousRunId
    ? partitionOfRun(origin.previousRunId)
    : partitionOf(origin.tenant, origin.session ?? origin.requestId);
  const time = origin.requestId.slice(4, 14);
  return `run_${partition}_${time}${base32(sha256('run', origin.tenant, origin.requestId), 16)}`;
}

/**
 * The id of the run that carries out a call of another run: one call has one. Same partition, same time in it, so
 * that a run and those below it are read together and sort together.
 */
export function childRunIdFor(runId: string, callId: string): string {
  return `${runId.slice(0, 17)}${base32(sha256('child', RunId.parse(runId), callId), 16)}`;
}

/** A request id from a clock (ms since 1970) and 10 random bytes, sortable by time. */
export function requestIdFrom(nowMs: number, random: Uint8Array): string {
  let time = '';
  for (let n = Math.floor(nowMs), i = 0; i < 10; i++, n = Math.floor(n / 32)) time = BASE32[n % 32] + time;
  return `req_${time}${base32(random, 16)}`;
}

/** The request id that an idempotency key stands for, for one bearer key of its tenant; time-less. */
export function requestIdForKey(tenant: string, keyDigest: string, idempotencyKey: string): string {
  return `req_${base32(sha256('idempotency', tenant, keyDigest, idempotencyKey), 26)}`;
}

/**
 * Which run a request starts. Its idempotency key decides where it has one, else its request id; the request id given
 * here is the one that did.
 */
export function runOfRequest(
  tenant: string,
  request: Omit<RunOrigin, 'tenant'> & { keyDigest: string; idempotencyKey?: string | undefined },
): { tenant: string; runId: string; requestId: string } {
  const { keyDigest, idempotencyKey, session, previousRunId } = request;
  const requestId = idempotencyKey ? requestIdForKey(tenant, keyDigest, idempotencyKey) : request.requestId;
  return { tenant, runId: runIdFor({ tenant, requestId, session, previousRunId }), requestId };
}

/**
 * The run of one due time of a schedule: whoever fires it, however often, means the same run. All runs of a schedule lie
 * in one partition.
 */
export function runOfSchedule(
  tenant: string,
  scheduleId: string,
  dueAt: number,
): { tenant: string; runId: string; requestId: string } {
  const requestId = requestIdFrom(dueAt, sha256('schedule', tenant, scheduleId, String(dueAt)));
  return { tenant, runId: runIdFor({ tenant, requestId, session: `schedule ${scheduleId}` }), requestId };
}

export function partitionOfRun(runId: string): string {
  return runToken(runId).slice(4, 6);
}

const ROOT = 'sb.v1';
/** The pattern alone first: subjects are built and read for every message, and the schema costs ten times as much. */
const token = (value: string): string => (TOKEN.test(value) ? value : Token.parse(value));
const tenantToken = (value: string | undefined): string =>
  value !== undefined && TENANT_ID.test(value) ? value : TenantId.parse(value);
const runToken = (value: string): string => (RUN_ID.test(value) ? value : RunId.parse(value));

/** Builders of every subject; nobody writes one by hand. Each token is checked. */
export const subjects = {
  ask: (tenant: string, kind: 'answer' | 'approvals' | 'auth' | 'reserve' | 'watch' | 'status') =>
    `${ROOT}.ask.${tenantToken(tenant)}.${kind}`,
  in: (tenant: string, kind: 'run' | 'cancel' | 'approve' | 'signal' | 'pause' | 'resume') =>
    `${ROOT}.in.${tenantToken(tenant)}.${kind}`,
  run: (tenant: string, runId: string) => `${ROOT}.run.${partitionOfRun(runId)}.${tenantToken(tenant)}.${runId}`,
  workInfer: (provider: string, tenant: string) => `${ROOT}.work.infer.${token(provider)}.${tenantToken(tenant)}`,
  workTool: (tier: string, tenant: string) => `${ROOT}.work.tool.${token(tier)}.${tenantToken(tenant)}`,
  tok: (tenant: string, runId: string) => `${ROOT}.tok.${tenantToken(tenant)}.${runToken(runId)}`,
  live: (tenant: string, runId: string) => `${ROOT}.live.${tenantToken(tenant)}.${runToken(runId)}`,
  note: (tenant: string, runId: string) => `${ROOT}.note.${tenantToken(tenant)}.${runToken(runId)}`,
  ctl: (tenant: string, runId: string) => `${ROOT}.ctl.${tenantToken(tenant)}.${runToken(runId)}`,
  svc: (service: string, verb: string, tenant: string) =>
    `${ROOT}.svc.${token(service)}.${token(verb)}.${tenantToken(tenant)}`,
  audit: (tenant: string, kind: string) => `${ROOT}.audit.${tenantToken(tenant)}.${token(kind)}`,
  dlq: (stream: string, consumer: string, tenant: string) =>
    `${ROOT}.dlq.${token(stream)}.${token(consumer)}.${tenantToken(tenant)}`,
} as const;

/** Which token names the tenant, by the third token. */
const TENANT_AT = new Map(
  Object.entries({ in: 3, ask: 3, run: 4, work: 5, tok: 3, live: 3, note: 3, ctl: 3, svc: 5, audit: 3, dlq: 5 }),
);

/** The tenant that a subject names; what a header or a body says never counts. */
export function tenantOf(subject: string): string {
  const at = TENANT_AT.get(tokenAt(subject, 2) ?? '');
  return tenantToken(at === undefined ? undefined : tokenAt(subject, at));
}

/** The token of that number, from 0; undefined behind the last. */
function tokenAt(subject: string, index: number): string | undefined {
  let start = 0;
  for (let n = 0; n < index; n++) {
    start = subject.indexOf('.', start) + 1;
    if (start === 0) return undefined;
  }
  const end = subject.indexOf('.', start);
  return end < 0 ? subject.slice(start) : subject.slice(start, end);
}

/** First link of a journal's hash chain. */
export function journalHeadStart(subject: string): string {
  return createHash('sha256').update(`signalbox.journal.v1\0${subject}`).digest('hex');
}

/** Next link: over the whole stored body of the next entry, accepted or not. */
export function journalHead(head: string, body: Uint8Array): string {
  return createHash('sha256').update(head).update(body).digest('hex');
}
