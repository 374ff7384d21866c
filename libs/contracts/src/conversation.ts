import { z } from 'zod';
import { Token } from './ids.js';

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
  /** Of a request: what the caller passes on and does not stand for. */
  untrusted: z.literal(true).optional(),
  /** Of an assistant's message: the calls it asks for. */
  toolCalls: z.array(ToolCall).max(64).optional(),
  /** Of a tool's answer: the call it answers. */
  callId: Token.optional(),
});
export type Message = z.infer<typeof Message>;
