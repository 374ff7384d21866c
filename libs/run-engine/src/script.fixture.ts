import type { ModelManifest, RunLimits, ToolEffect, ToolManifest, WireError } from '@signalbox/contracts';

/** What one attempt of a call does. `silent`: its worker dies without a word; `orphaned`: after its claim. */
export type CallScript = {
  tool: string;
  arguments?: string;
  outcome: 'ok' | WireError['code'] | 'silent' | 'orphaned';
};
/** By step from 0; each an attempt after the other, the last one repeated. */
export type StepScript = {
  calls: CallScript[];
  failures?: WireError['code'][];
  text?: string;
  usage?: number;
  cost?: number;
};

export interface WorldOptions {
  script: StepScript[];
  limits?: Partial<RunLimits>;
  denied?: string[];
  memory?: 'silent';
  effects?: Record<string, ToolEffect>;
  /** Results sent twice. */
  twice?: boolean;
}

export const LIMITS: RunLimits = {
  stepsMax: 50,
  tokensMax: 1_000_000,
  costNanoUsdMax: 1e12,
  toolCallsMax: 500,
  parallelToolCallsMax: 3,
  wallMsMax: 3_600_000,
};
export const MODEL: ModelManifest = {
  id: 'model-1',
  provider: 'sim',
  inputNanoUsdPerToken: 10,
  outputNanoUsdPerToken: 30,
  outputTokensMax: 500,
  timeoutMs: 10_000,
};
export const toolOf = (name: string, effect: ToolEffect): ToolManifest => ({
  name,
  description: name,
  effect,
  tier: 'T0',
  driver: { kind: 'http', hosts: ['example.com'], methods: ['GET'] },
  parameters: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false },
  limits: { wallMs: 1_000, cpuMs: 1_000, memoryBytes: 16_777_216, pidsMax: 1, outputBytesMax: 1_000, tmpBytesMax: 0 },
});
