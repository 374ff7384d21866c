import { generateKeyPairSync } from 'node:crypto';
import type {
  AgentManifest,
  KeyGrant,
  ModelManifest,
  PolicyBundleV1,
  Rule,
  SignedBundleV1,
  ToolManifest,
} from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { signBundle } from './bundle/sign-bundle.js';
import { storedDigest } from './key-ring.js';

export const NOW = 1_700_000_000_000;
export const HOUR_MS = 3_600_000;
export const keys = generateKeyPairSync('ed25519');
export const strangersKeys = generateKeyPairSync('ed25519');

export function tool(name: string): ToolManifest {
  return {
    name,
    description: '',
    parameters: { type: 'object' },
    driver: { kind: 'http', hosts: [], methods: ['GET'] },
    effect: 'pure',
    tier: 'T0',
    limits: { wallMs: 1_000, cpuMs: 1_000, memoryBytes: 67_108_864, pidsMax: 8, outputBytesMax: 1_024, tmpBytesMax: 0 },
  };
}

export function agent(id: string, tools: string[]): AgentManifest {
  const limits = {
    stepsMax: 8,
    tokensMax: 10_000,
    costNanoUsdMax: 1_000_000,
    toolCallsMax: 8,
    parallelToolCallsMax: 2,
    wallMsMax: 60_000,
  };
  return { id, description: '', instructions: 'Help.', model: 'default', tools, limits };
}

export const model: ModelManifest = {
  id: 'default',
  provider: 'default',
  inputNanoUsdPerToken: 150,
  outputNanoUsdPerToken: 600,
  outputTokensMax: 2_048,
  timeoutMs: 60_000,
};

export function rule(id: string, effect: Rule['effect'], when: Rule['when'] = [], scope: Partial<Rule> = {}): Rule {
  return { id, effect, agents: '*', tools: '*', when, description: '', ...scope };
}

export function grant(id: string, secret: string, extra: Partial<KeyGrant> = {}): KeyGrant {
  return { id, digest: storedDigest(sha256Hex(secret)), userId: 'first', agents: '*', ...extra };
}

export function bundle(changes: Partial<PolicyBundleV1> = {}): PolicyBundleV1 {
  return {
    format: 1,
    tenant: 'demo',
    version: 1,
    parentHash: null,
    issuedAt: NOW,
    expiresAt: NOW + 24 * HOUR_MS,
    agents: [agent('analyst', ['read', 'write'])],
    tools: [tool('read'), tool('write')],
    rules: [],
    models: [model],
    keys: [],
    ...changes,
  };
}

export function signed(changes: Partial<PolicyBundleV1> = {}): SignedBundleV1 {
  return signBundle(bundle(changes), keys.privateKey, 'k1');
}

export function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** The code and `details.reason` of what was thrown. */
export function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    const { code, details } = error as { code?: string; details?: { reason?: string } };
    return details?.reason === undefined ? String(code) : `${code} ${details.reason}`;
  }
  return 'nothing thrown';
}
