import { z } from 'zod';
import { Count, Message, RunId, TenantId, Token } from '../common.js';

const common = { runId: RunId, tenant: TenantId, sessionId: Token, attempt: Count };
/** Asks memory to append `session.loaded.v1` to the run's journal. */
export const SessionLoadV1 = z.object({ ...common, messagesMax: Count });
/** Asks memory to append the run's messages to the session, once per run, then `session.saved.v1`. */
export const SessionSaveV1 = z.object({ ...common, messages: z.array(Message).max(10_000) });
export const AcknowledgedV1 = z.object({ ok: z.literal(true) });
export type SessionLoadV1 = z.infer<typeof SessionLoadV1>;
export type SessionSaveV1 = z.infer<typeof SessionSaveV1>;

/** A value found in a model's or a tool's output, for the guard's vault; sealed for the guard alone. */
export const VaultDepositV1 = z.object({
  tenant: TenantId,
  items: z.array(z.object({ token: z.string().max(64), sealed: z.string().max(4_096) })).min(1).max(1_000),
});
export type VaultDepositV1 = z.infer<typeof VaultDepositV1>;

/** Something worth keeping that belongs to no run: dead letters, refused messages, bundles, self-tests. */
export const AuditNoteV1 = z.object({
  kind: Token,
  service: Token,
  /** Free of payloads; counts, codes and ids only. */
  facts: z.record(z.string(), z.union([z.string().max(500), z.number(), z.boolean(), z.null()])),
  at: Count,
});
export type AuditNoteV1 = z.infer<typeof AuditNoteV1>;

/** The session as it lies in KV `sessions` under `<tenant>.<session>`. */
export const SessionStateV1 = z.object({
  messages: z.array(Message),
  /** Runs already appended, newest last; bounded. */
  runs: z.array(RunId).max(256),
});
export type SessionStateV1 = z.infer<typeof SessionStateV1>;
