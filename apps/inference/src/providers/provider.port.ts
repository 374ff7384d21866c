import type { Usage } from '@signalbox/contracts';

/** A message as providers speak it: pseudonyms already rendered as placeholders. */
export interface ProviderMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
  toolCalls?: { id: string; name: string; arguments: string }[];
  toolCallId?: string;
}

export interface ProviderTool {
  name: string;
  description: string;
  /** JSON Schema. */
  parameters: Record<string, unknown>;
}

/** One model call. */
export interface ProviderCall {
  /** The provider's own name of the model. */
  upstream: string;
  messages: ProviderMessage[];
  tools: ProviderTool[];
  outputTokensMax: number;
  /** `<run>:<step>:<attempt>`: lets logs of both sides be matched, and the simulation count failures. */
  callRef: string;
  /** Aborts the call; its reason is thrown. */
  signal: AbortSignal;
  /** Given: the answer is streamed, and each piece of its text goes here, in order. */
  onText?: (text: string) => void;
}

/** A whole answer. Ids of tool calls are left behind: providers' own ids mean nothing here. */
export interface ProviderAnswer {
  content: string;
  toolCalls: { name: string; arguments: string }[];
  finish: 'stop' | 'tool_calls' | 'length' | 'content_filter';
  /** Null where the provider did not say. */
  usage: Usage | null;
  simulated: boolean;
}

/**
 * A model provider. `complete` throws a MeshError with a PROVIDER_* code whose message holds nothing that the
 * provider wrote; `details.retryAfterMs` where it said when to come back.
 */
export abstract class ModelProvider {
  /** As models of the policy name it. */
  abstract readonly name: string;
  abstract complete(call: ProviderCall): Promise<ProviderAnswer>;
  /** Ends its connections. */
  abstract close(): Promise<void>;
}
