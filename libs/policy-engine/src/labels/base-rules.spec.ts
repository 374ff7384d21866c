import { type CallLabels, type Label, type ToolManifest, TRUSTED, TRUSTED_CALL } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { bundle, rule, tool } from '../bundle.fixture.js';
import { compilePolicy } from '../compiled-policy.js';

const foreign: Label = { integrity: 'untrusted', readers: [], origins: ['call_1_0 fetch'] };
const secret: Label = { integrity: 'trusted', readers: ['hr'], origins: ['call_1_0 people'] };
const own: Label = { integrity: 'trusted', readers: ['tenant'], origins: ['call_1_0 notes'] };
const http = (...hosts: string[]): Partial<ToolManifest> => ({ driver: { kind: 'http', hosts, methods: ['GET'] } });

/** Outcome and rules of a call of `read`, which everything else permits. */
function verdict(
  manifest: Partial<ToolManifest>,
  labels: CallLabels = TRUSTED_CALL,
  args: object = {},
  change: Parameters<typeof bundle>[0] = {},
): string {
  const tools = [{ ...tool('read'), ...manifest }, tool('write')];
  const policy = compilePolicy(bundle({ tools, rules: [rule('all', 'permit')], ...change }));
  const access = { agent: 'analyst', tool: 'read', arguments: args, userId: 'first', labels };
  const { outcome, rules } = policy.authorize(access);
  return [outcome, ...rules].join(' ');
}

describe('base.integrity', () => {
  it('asks about what changes something or tells others, once others may have written what led to it', () => {
    const silent = { egress: false, ...http('crm.test') };
    expect(verdict({ ...silent, effect: 'unsafe' })).toBe('permit all');
    for (const effect of ['idempotent', 'unsafe'] as const)
      expect(verdict({ ...silent, effect }, { context: foreign })).toBe('approve all base.integrity');
    expect(verdict({ ...silent, effect: 'pure' }, { context: foreign })).toBe('permit all');
    expect(verdict({ egress: true, effect: 'pure' }, { context: foreign })).toBe('approve all base.integrity');
  });

  it('asks about no call that is decided about by itself further on', () => {
    for (const driver of [{ kind: 'agent', agent: 'other' } as const, { kind: 'signal' } as const])
      expect(verdict({ driver, effect: 'idempotent' }, { context: foreign })).toBe('permit all');
  });

  it('never turns a refusal into a question', () => {
    const rules = [rule('no', 'forbid')];
    expect(verdict({ effect: 'unsafe' }, { context: foreign }, {}, { rules })).toBe('deny no');
    expect(verdict({ effect: 'unsafe' }, { context: foreign }, {}, { rules: [] })).toBe('deny');
  });

  it('keeps the people that a rule names, and adds itself to it', () => {
    const rules = [{ ...rule('ask', 'approve'), approval: { approvers: ['ann'], withinMs: 60_000 } }];
    const tools = [{ ...tool('read'), effect: 'unsafe' as const }, tool('write')];
    const policy = compilePolicy(bundle({ tools, rules }));
    const access = { agent: 'analyst', tool: 'read', arguments: {}, userId: 'first', labels: { context: foreign } };
    expect(policy.authorize(access)).toMatchObject({
      outcome: 'approve',
      rules: ['ask', 'base.integrity'],
      terms: { approvers: ['ann'], withinMs: 60_000 },
    });
  });

  it('takes content for content where its role says so, and every other argument for what decides', () => {
    const roles = [
      { pointer: '/to', role: 'address' as const },
      { pointer: '/mail/text', role: 'body' as const },
    ];
    const send = { effect: 'unsafe' as const, egress: false, ...http('crm.test'), roles };
    const given = (pointer: string): CallLabels => ({ context: TRUSTED, arguments: { [pointer]: foreign } });
    expect(verdict(send, given('/mail/text'))).toBe('permit all');
    expect(verdict(send, given('/mail/text/0'))).toBe('permit all');
    for (const pointer of ['/to', '/mail', '/mail/textual', '/other'])
      expect(verdict(send, given(pointer))).toBe('approve all base.integrity');
  });
});

describe('base.confidentiality', () => {
  it('asks where somebody would be told what is not for them', () => {
    const sends = { egress: true, effect: 'pure' as const };
    expect(verdict(sends, { context: secret })).toBe('approve all base.confidentiality');
    expect(verdict({ ...sends, readers: ['hr', 'tenant'] }, { context: secret })).toBe('permit all');
    expect(verdict({ ...sends, readers: '*' }, { context: secret })).toBe('permit all');
    expect(verdict({ ...sends, readers: ['tenant'] }, { context: secret })).toBe('approve all base.confidentiality');
    expect(verdict({ egress: false, ...http('crm.test'), effect: 'unsafe' }, { context: secret })).toBe('permit all');
  });

  it('counts what is passed on as content all the same', () => {
    const roles = [{ pointer: '/text', role: 'body' as const }];
    const labels = { context: TRUSTED, arguments: { '/text': secret } };
    expect(verdict({ egress: true, effect: 'unsafe', roles }, labels)).toBe('approve all base.confidentiality');
  });
});

describe('a request to an address that the model chooses', () => {
  const at = (change: Partial<ToolManifest>): string => verdict({ effect: 'pure', ...change }, { context: foreign });
  const fixed = {
    type: 'object',
    properties: { url: { enum: ['https://status.test/a', 'https://status.test/b'] } },
    additionalProperties: false,
  };

  it('tells others, though it only reads', () => {
    expect(at(http('status.test'))).toBe('approve all base.integrity');
    expect(at({ ...http('*.test'), egress: false })).toBe('approve all base.integrity');
    expect(at({ ...http('*.test'), parameters: fixed })).toBe('approve all base.integrity');
    const more = { ...fixed, properties: { ...fixed.properties, headers: { type: 'object' } } };
    expect(at({ ...http('status.test'), parameters: more })).toBe('approve all base.integrity');
    const { additionalProperties: _, ...open } = fixed;
    expect(at({ ...http('status.test'), parameters: open })).toBe('approve all base.integrity');
    const posts = { driver: { kind: 'http' as const, hosts: ['status.test'], methods: ['POST' as const] } };
    expect(at({ ...posts, parameters: fixed })).toBe('approve all base.integrity');
  });

  it('tells nobody where host and query leave no choice, or the host is our own', () => {
    expect(at({ ...http('status.test'), parameters: fixed })).toBe('permit all');
    expect(at({ ...http('crm.test'), egress: false })).toBe('permit all');
    const bound = { kind: 'http' as const, hosts: [], methods: ['GET' as const], address: 'https://crm.test/balance' };
    const nothing = { type: 'object', properties: {}, additionalProperties: false };
    expect(at({ driver: bound, parameters: nothing })).toBe('permit all');
    expect(at({ driver: bound, egress: false })).toBe('permit all');
    expect(at({ driver: bound })).toBe('approve all base.integrity');
    expect(at({ driver: { kind: 'code', language: 'python', files: [] } })).toBe('permit all');
  });
});

describe('a base rule that is waived', () => {
  it('does not ask for those agents, and the record says so', () => {
    const waiver = { id: 'trial', rule: 'base.integrity' as const, agents: ['analyst'], reason: 'tried out' };
    const waivers = [waiver];
    const manifest = { egress: true, effect: 'unsafe' as const };
    expect(verdict(manifest, { context: foreign }, {}, { waivers })).toBe('permit all');
    const both = { ...foreign, readers: ['hr'] };
    expect(verdict(manifest, { context: both }, {}, { waivers })).toBe('approve all base.confidentiality');
    const tools = [{ ...tool('read'), ...manifest }, tool('write')];
    const policy = compilePolicy(bundle({ tools, rules: [rule('all', 'permit')], waivers }));
    const access = { agent: 'analyst', tool: 'read', arguments: {}, userId: 'first', labels: { context: foreign } };
    const others = [{ ...waiver, agents: ['other'] }];
    expect(verdict(manifest, { context: foreign }, {}, { waivers: others })).toBe('approve all base.integrity');
    expect(policy.authorize(access).reason).toContain('goes without base.integrity by waiver trial');
  });
});

describe('a call that the user asked for', () => {
  const roles: ToolManifest['roles'] = [
    { pointer: '/to', role: 'address' },
    { pointer: '/amount', role: 'amount', max: 100 },
    { pointer: '/text', role: 'body', charsMax: 40 },
  ];
  const pay = { effect: 'unsafe' as const, egress: true, provenance: true, roles };
  const args = { to: 'DE89', amount: 50, text: 'for the lunch' };
  const at = (change: object, labels: Partial<CallLabels>, manifest: Partial<ToolManifest> = {}): string =>
    verdict(
      { ...pay, ...manifest },
      { context: { ...foreign, readers: ['tenant'] }, literal: ['/to'], plain: ['/text'], ...labels },
      { ...args, ...change },
    );

  it('passes by itself: addresses are literal, amounts and texts within their bounds', () => {
    expect(at({}, {})).toBe('permit all');
    expect(at({ amount: 500 }, { literal: ['/to', '/amount'] })).toBe('permit all');
    expect(at({ note: 'x' }, { literal: ['/to', '/note'] })).toBe('permit all');
  });

  it('is asked about as soon as one argument is more than that', () => {
    const held = 'approve all base.integrity base.confidentiality';
    expect(at({}, { literal: [] })).toBe(held);
    expect(at({ amount: 101 }, {})).toBe(held);
    expect(at({ amount: '50' }, {})).toBe(held);
    expect(at({ amount: -50 }, {})).toBe(held);
    expect(at({ text: 'x'.repeat(41) }, {})).toBe(held);
    expect(at({}, { plain: [] })).toBe(held);
    expect(at({ note: 'x' }, {})).toBe(held);
    expect(at({ urgent: true }, {})).toBe(held);
    expect(at({ to: ['DE89', 'FR14'] }, { literal: ['/to/0'] })).toBe(held);
    expect(at({}, {}, { provenance: false })).toBe(held);
    expect(at({ to: null }, {})).toBe(held);
  });

  it('may tell what belongs to the tenant, but not what is for others', () => {
    expect(at({}, { context: { ...own, integrity: 'untrusted' } })).toBe('permit all');
    expect(at({}, { context: { ...secret, integrity: 'untrusted' } })).toBe('approve all base.confidentiality');
  });
});
