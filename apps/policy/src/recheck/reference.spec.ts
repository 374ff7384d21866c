import {
  type CedarPolicy,
  type DecisionRecord,
  type PolicyBundleV1,
  type Rule,
  TRUSTED_CALL,
} from '@signalbox/contracts';
import { compilePolicy } from '@signalbox/policy-engine';
import { describe, expect, it } from 'vitest';
import { WasmCedarAdapter } from '../cedar/adapters/wasm-cedar.adapter.js';
import { samplePolicy } from '../seed/sample-policy.js';
import { differenceOf, ReferenceDecisions } from './reference.js';

const cedar = new WasmCedarAdapter();
const policy = (id: string, text: string): CedarPolicy => {
  const parsed = cedar.parse(text);
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return { id, text, description: '', json: parsed.json };
};
const forbid: Rule = { id: 'no-post', effect: 'forbid', agents: '*', tools: ['http_post'], when: [], description: '' };
const bundle: PolicyBundleV1 = {
  format: 1,
  tenant: 'demo',
  version: 1,
  parentHash: null,
  issuedAt: 0,
  expiresAt: 1,
  ...samplePolicy(),
  keys: [],
  rules: [forbid],
  policies: [
    policy(
      'reads',
      'permit(principal, action, resource == Tool::"http_get") when { context.arguments.url like "https://a*" };',
    ),
    policy('asks', '@approve("ann") permit(principal, action, resource == Tool::"http_post");'),
    policy('code', 'permit(principal, action, resource) when { resource.driver == "code" };'),
    policy('short', 'forbid(principal, action, resource == Tool::"python") when { context.arguments.code == "x" };'),
    policy('fails', 'forbid(principal, action, resource == Tool::"javascript") when { 9223372036854775807 + 1 > 0 };'),
  ],
};
const compiled = compilePolicy(bundle);
const reference = new ReferenceDecisions(bundle, cedar);
const CALLS: [tool: string, args: Record<string, unknown>, kind: string][] = [
  ['http_get', { url: 'https://a.example/' }, 'permit'],
  ['http_get', { url: 'https://b.example/' }, 'default'],
  ['http_post', { url: 'https://a.example/', body: '' }, 'forbid'],
  ['python', { code: 'print(1)' }, 'permit'],
  ['python', { code: 'x' }, 'forbid'],
  ['javascript', { code: '1' }, 'error'],
];
const decided = (tool: string, args: Record<string, unknown>): DecisionRecord =>
  compiled.authorize({ agent: 'analyst', tool, arguments: args, userId: 'ann', labels: TRUSTED_CALL });

describe('ReferenceDecisions', () => {
  it.each(CALLS)('finds no difference where %s %j is decided by the engine as it is', (tool, args, kind) => {
    const recorded = decided(tool, args);
    expect(recorded.kind).toBe(kind);
    const expected = reference.decide({
      agent: 'analyst',
      tool,
      arguments: args,
      userId: 'ann',
      labels: TRUSTED_CALL,
    })!;
    expect(differenceOf(recorded, expected)).toBeNull();
  });

  it.each(CALLS)('finds the difference where a record of %s %j says otherwise', (tool, args, kind) => {
    const expected = reference.decide({
      agent: 'analyst',
      tool,
      arguments: args,
      userId: 'ann',
      labels: TRUSTED_CALL,
    })!;
    const falsified =
      kind === 'permit'
        ? ({ outcome: 'deny', kind: 'forbid' } as const)
        : ({ outcome: 'permit', kind: 'permit' } as const);
    expect(differenceOf({ ...decided(tool, args), ...falsified }, expected)).toContain(`must be ${kind}`);
  });

  it('finds a record that names another policy', () => {
    const [tool, args] = CALLS[0]!;
    const expected = reference.decide({
      agent: 'analyst',
      tool,
      arguments: args,
      userId: 'ann',
      labels: TRUSTED_CALL,
    })!;
    expect(differenceOf({ ...decided(tool, args), policies: ['code'] }, expected)).toContain('must be (reads)');
  });

  it('says nothing of calls that are none of policy’s', () => {
    expect(
      reference.decide({ agent: 'nobody', tool: 'python', arguments: {}, userId: 'ann', labels: TRUSTED_CALL }),
    ).toBeNull();
  });
});
