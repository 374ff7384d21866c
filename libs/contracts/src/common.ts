import { z } from 'zod';
import { ERROR_CODES } from './errors.js';

/** One token of a subject: no dots, no wildcards, no spaces. */
export const Token = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1–64 of A–Z a–z 0–9 _ -');
export const TenantId = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1–32 of a–z 0–9 -, starting with a letter');
export const RunId = z.string().regex(/^run_[0-9]{2}_[0-9a-z]{26}$/, 'must be a run id');
export const RequestId = z.string().regex(/^req_[0-9a-z]{26}$/, 'must be a request id');
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex');
/** Milliseconds since 1970. */
export const Millis = z.number().int().nonnegative();
export const NanoUsd = z.number().int().nonnegative();
export const Count = z.number().int().nonnegative();

/** An error as it travels: rebuilt from its code on the other side. */
export const WireError = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string().max(2_000),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type WireError = z.infer<typeof WireError>;

export const Usage = z.object({ inputTokens: Count, outputTokens: Count });
export type Usage = z.infer<typeof Usage>;

export const ToolCall = z.object({
  /** Ours, `call_<step>_<index>`: providers' own ids never leave the inference service. */
  callId: Token,
  name: z.string().max(64),
  /** The JSON text that the model wrote; not yet validated. */
  arguments: z.string().max(262_144),
});
export type ToolCall = z.infer<typeof ToolCall>;

/** One message of a conversation, redacted. */
export const Message = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string(),
  toolCalls: z.array(ToolCall).max(64).optional(),
  /** Of a tool's answer: the call it answers. */
  callId: Token.optional(),
});
export type Message = z.infer<typeof Message>;

export const PII_CLASSES = ['EMAIL', 'PHONE', 'CARD', 'IBAN', 'PERSON'] as const;
export const PiiClass = z.enum(PII_CLASSES);
export type PiiClass = z.infer<typeof PiiClass>;
/** How many values of each class were replaced. */
export const Redactions = z.partialRecord(PiiClass, Count);
export type Redactions = z.infer<typeof Redactions>;

/** What a run may use up. Enforced by the decider before anything is dispatched. */
export const RunLimits = z.object({
  stepsMax: z.number().int().min(1).max(1_000),
  tokensMax: z.number().int().min(1),
  costNanoUsdMax: NanoUsd,
  toolCallsMax: z.number().int().min(0).max(10_000),
  parallelToolCallsMax: z.number().int().min(1).max(64),
  wallMsMax: z.number().int().min(100),
});
export type RunLimits = z.infer<typeof RunLimits>;
