import { type InferWorkV1, type PolicyBundleV1, runIdFor } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';

export const model: InferWorkV1['model'] = {
  id: 'model-1',
  provider: 'default',
  inputNanoUsdPerToken: 10,
  outputNanoUsdPerToken: 30,
  outputTokensMax: 10_000,
  timeoutMs: 5_000,
};

/** A model call whose question is a script for the simulation, or any text. */
export function workFor(question: string | unknown[], overrides: Partial<InferWorkV1> = {}): InferWorkV1 {
  const content = typeof question === 'string' ? question : `#sim ${JSON.stringify({ steps: question })}`;
  return {
    runId: runIdFor({ tenant: 'acme', requestId: newRequestId() }),
    tenant: 'acme',
    step: 0,
    attempt: 0,
    dispatch: 0,
    agent: 'analyst',
    model,
    messages: [{ role: 'user', content }],
    tools: [],
    outputTokensMax: 10_000,
    stream: false,
    bundle: { version: 1, hash: '0'.repeat(64) },
    deadlineAt: Date.now() + 20_000,
    ...overrides,
  };
}

/** A policy that gives the agent `analyst` that model. */
export function bundleFor(tenant: string): PolicyBundleV1 {
  const limits = {
    stepsMax: 10,
    tokensMax: 10_000,
    costNanoUsdMax: 1_000_000,
    toolCallsMax: 10,
    parallelToolCallsMax: 4,
    wallMsMax: 60_000,
  };
  return {
    format: 1,
    tenant,
    version: 1,
    parentHash: null,
    issuedAt: Date.now(),
    expiresAt: Date.now() + 600_000,
    agents: [{ id: 'analyst', description: '', instructions: '', model: model.id, tools: [], limits }],
    tools: [],
    rules: [],
    models: [model],
    keys: [],
  };
}
