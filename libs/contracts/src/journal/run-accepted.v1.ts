import { z } from 'zod';
import { Message } from '../conversation.js';
import { RequestId, RunId, Sha256Hex, TenantId, Token } from '../ids.js';
import { Label } from '../label.js';
import { BundleRef } from '../policy/bundle-ref.js';
import { DecisionRecord } from '../policy/decision-record.js';
import { Priority } from '../priority.js';
import { Findings, Redactions } from '../redactions.js';
import { PREFIX_MESSAGES_MAX, RunFork } from '../run-fork.js';
import { RunLimits } from '../run-limits.js';
import { Millis } from '../units.js';
import { Principal } from './principal.js';

/** The first entry of a run: authenticated, validated and redacted by the guard. */
export const RunAcceptedV1 = z.object({
  runId: RunId,
  tenant: TenantId,
  requestId: RequestId,
  /** Keyed hash of the request, where it came under an idempotency key. */
  fingerprint: Sha256Hex.optional(),
  /** Opaque, made by the guard: the caller's own name of the session may be personal. */
  sessionId: Token,
  /** The session begins with this run: memory has nothing of it. Absent: it may have. */
  newSession: z.literal(true).optional(),
  principal: Principal,
  agent: Token,
  /** New messages of this request; the session's history is loaded from memory. */
  input: z.array(Message).max(1_000),
  /** Where the run begins in another's journal. */
  fork: RunFork.optional(),
  /** Of a fork: the conversation up to there, in place of a session's history. */
  prefix: z.array(Message).max(PREFIX_MESSAGES_MAX).optional(),
  /**
   * Of all that it begins with. Absent: the caller's own words, which are trusted; of a fork or of a run below another the
   * worst case.
   */
  label: Label.optional(),
  /** Narrows the agent's own limits, never widens them. */
  limits: RunLimits.partial().optional(),
  /** Regions that what it carries must not leave; absent: the request names none. */
  regions: z.array(Token).max(32).optional(),
  /** Absent: normal. */
  priority: Priority.optional(),
  redactions: Redactions,
  /** What fired, and by which rule. Absent: nothing, or not told. */
  findings: Findings.optional(),
  /** Which recognisers cleaned it. */
  ruleset: Token,
  stream: z.boolean(),
  /** In force when it was accepted. */
  bundle: BundleRef,
  /** By what policy let it, or did not; absent: no policy is about it. */
  decision: DecisionRecord.optional(),
  acceptedAt: Millis,
});
export type RunAcceptedV1 = z.infer<typeof RunAcceptedV1>;
