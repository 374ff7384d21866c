import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, codeTool, permit } from './support/definitions.ts';
import { E2eMesh, extensionOf, TENANT } from './support/mesh.ts';
import { callThenQuote, simScript } from './support/sim.ts';

/** Nobody has any of it. */
const KEY = ['AKIA', 'QWERTYUIOPASDFGH'].join('');
const ORDER = 'AB-7312-X';
const SENT = 'sent.by.user@example.com';
const PRINTED = 'printed.by.tool@example.org';

let mesh: E2eMesh;

beforeAll(async () => {
  mesh = await E2eMesh.start('redaction-rules');
  await mesh.define({
    tools: [codeTool('my_python', 'python')],
    agents: [agent('helper', { tools: ['my_python'] })],
    rules: [permit('helper-may', ['helper'], ['my_python'])],
  });
});
afterAll(() => mesh?.stop());

/** A question with all of it, whose tool prints an address and whose answer makes up another. */
const QUESTION = callThenQuote('my_python', {
  code: `print("printed.by.tool", "example.org", sep=chr(64)); print("AB", 7312, "X", sep=chr(45))`,
});

async function told(input: string): Promise<{ answer: string; entries: Awaited<ReturnType<typeof archived>> }> {
  const response = await mesh.openai().responses.create({ model: 'helper', input });
  return { answer: response.output_text, entries: await archived(extensionOf(response).run_id) };
}

async function archived(runId: string) {
  const { entries, story } = await mesh.admin.archived(TENANT, runId);
  const text = JSON.stringify(entries);
  const findings = entries.flatMap(({ kind, body }) =>
    ((body['findings'] ?? []) as { class: string; recogniser: string; action: string; rule?: string }[]).map(
      (one) => `${kind}: ${one.class} ${one.recogniser} ${one.action} ${one.rule ?? 'by default'}`,
    ),
  );
  return { text, findings, story: story.map((line) => line.text).join('\n'), entries };
}

/** Asks until the rules in force everywhere are those that this finds. */
const until = (input: string, isSo: (run: Awaited<ReturnType<typeof told>>) => boolean) =>
  waitFor(
    async () => {
      const run = await told(input);
      return isSo(run) && run;
    },
    { timeoutMs: 30_000, what: 'the rules to be in force' },
  );

describe('redaction rules', () => {
  it('refuse a key that a person sends, and say what and where but not which', async () => {
    const refused = await mesh.request('/v1/responses', {
      method: 'POST',
      body: JSON.stringify({ model: 'helper', input: `My key is ${KEY}, mind.` }),
    });
    const body = await refused.text();
    expect(refused.status).toBe(400);
    expect(body).toContain('CONTENT_BLOCKED');
    expect(body).toContain('Message 1 of the input holds SECRET at characters 11 to 30 (recogniser secret)');
    expect(body).not.toContain(KEY);
  });

  it('are in force at every gate without a restart, and the story says which fired', async () => {
    const before = await told(`${QUESTION}\nI am ${SENT}, about ${ORDER}.`);
    expect(before.answer).toContain(PRINTED);
    expect(before.entries.text).toContain(ORDER);
    const pids = mesh.pids();
    await mesh.admin.define(TENANT, {
      patterns: [{ id: 'order', class: 'X_ORDER', pattern: '\\a{2}-\\d{4}-\\a', description: 'Orders.' }],
      redactions: [
        { id: 'keys', class: 'SECRET', action: 'mask', gates: ['ingress'], description: '' },
        { id: 'mail-of-tools', class: 'EMAIL', action: 'hash', gates: ['tool'], description: '' },
        { id: 'no-mail-of-models', class: 'EMAIL', action: 'remove', gates: ['model'], description: '' },
      ],
    });
    const input = `${QUESTION}\nI am ${SENT}, about ${ORDER}, with ${KEY}.`;
    const masked = await waitFor(() => told(input).catch(() => undefined), {
      timeoutMs: 30_000,
      what: 'the guard to mask keys',
    });
    expect(masked.entries.text).not.toContain(KEY);
    const { answer, entries } = await until(input, (run) => run.entries.findings.join().includes('EMAIL email hash'));
    expect(answer).not.toContain(PRINTED);
    expect(answer).toContain(ORDER);
    for (const value of [KEY, ORDER, SENT, PRINTED]) expect(entries.text).not.toContain(value);
    expect(entries.findings).toEqual(
      expect.arrayContaining([
        'run.accepted.v1: EMAIL email pseudonymise by default',
        'run.accepted.v1: X_ORDER pattern-order pseudonymise by default',
        'run.accepted.v1: SECRET secret mask keys',
        'tool.completed.v1: EMAIL email hash mail-of-tools',
        'tool.completed.v1: X_ORDER pattern-order pseudonymise by default',
      ]),
    );
    expect(entries.story).toContain('At the tool gate: 1 EMAIL found by email, hash by rule mail-of-tools;');
    const rulesets = entries.entries.flatMap(({ body }) => (body['ruleset'] as string | undefined) ?? []);
    expect(new Set(rulesets).size).toBe(1);
    expect(rulesets[0]).toMatch(/^balanced-2-[0-9a-f]{12}$/);
    const invented = await until(simScript([{ text: 'Ask {{invent:email}}.' }]), (run) => run.answer === 'Ask .');
    expect(invented.entries.findings).toContain('model.completed.v1: EMAIL email remove no-mail-of-models');
    expect(mesh.pids()).toEqual(pids);
  });

  it('block what a model or a tool brings in, where they say so', async () => {
    await mesh.admin.define(TENANT, {
      redactions: [{ id: 'no-orders', class: 'X_ORDER', action: 'block', gates: ['tool'], description: '' }],
    });
    const { entries } = await until(QUESTION, (run) => run.entries.text.includes('CONTENT_BLOCKED'));
    expect(entries.story).toContain('The result of the tool holds X_ORDER at characters');
    expect(entries.text).not.toContain(ORDER);
  });
});

describe('a text that is tried', () => {
  it('is answered with what fired and why, and a draft in place of the rules', async () => {
    const text = `From ${SENT} about ${ORDER}: ${KEY}`;
    const inForce = await mesh.admin.policy<Trial>(TENANT, '/redaction/try', 'POST', { text, gate: 'tool' });
    expect(inForce.refused).toBe(true);
    expect(inForce.spans.map((span) => [span.class, span.recogniser, span.action, span.rule])).toEqual([
      ['EMAIL', 'email', 'hash', 'mail-of-tools'],
      ['X_ORDER', 'pattern-order', 'block', 'no-orders'],
      ['SECRET', 'secret', 'mask', null],
    ]);
    expect(text.slice(inForce.spans[0]!.start, inForce.spans[0]!.end)).toBe(SENT);
    const draft = await mesh.admin.policy<Trial>(TENANT, '/redaction/try', 'POST', {
      text,
      gate: 'tool',
      redactions: [],
    });
    expect(draft.text).toBe('From [EMAIL_1] about [X_ORDER_1]: [[SECRET]]');
    const bad = { text, redactions: [{ id: 'a', class: 'SECRET', action: 'allow' }] };
    await expect(mesh.admin.policy(TENANT, '/redaction/try', 'POST', bad)).rejects.toThrow('would let it through');
  });
});

describe('rules held against what was said', () => {
  it('say what would be found anew, no longer, or treated otherwise, and never which value', async () => {
    const draft = {
      redactions: [{ id: 'a', class: 'EMAIL', action: 'mask', gates: ['ingress'] }],
      patterns: [{ id: 'words', class: 'X_WORD', pattern: 'script says' }],
      runs: 50,
    };
    const compared = await mesh.admin.policy<Compared>(TENANT, '/redaction/compare', 'POST', draft);
    expect(compared.cut).toBe(false);
    expect(compared.runs).toBeGreaterThan(2);
    const of = (name: string) => compared.classes.find((one) => one.class === name);
    expect(of('EMAIL')?.changed).toBeGreaterThan(0);
    expect(of('X_WORD')?.new).toBeGreaterThan(0);
    // Its pattern is not in the draft.
    expect(of('X_ORDER')?.gone).toBeGreaterThan(0);
    const [place] = compared.places.filter(({ change }) => change === 'new');
    const { entries } = await mesh.admin.archived(TENANT, place!.runId);
    const entry = entries.find(({ seq }) => seq === place!.seq)!;
    const said = (entry.body['input'] as { content: string }[])[place!.text]!.content;
    expect(said.slice(place!.start, place!.end)).toBe('script says');
    const same = await mesh.admin.policy<Compared>(TENANT, '/redaction/compare', 'POST', {});
    expect([same.classes, same.places]).toEqual([[], []]);
    expect(JSON.stringify(compared)).not.toMatch(/script|example/);
  });
});

interface Compared {
  runs: number;
  cut: boolean;
  classes: { class: string; new: number; gone: number; changed: number }[];
  places: { change: string; runId: string; seq: number; text: number; start: number; end: number }[];
}

describe('a user who is erased', () => {
  it('is gone from what is read, and every journal still verifies', async () => {
    const { key } = await mesh.admin.createKey(TENANT, 'ann');
    const ask = () => mesh.openai(key).responses.create({ model: 'helper', input: `Say it again: ${SENT}` });
    const response = await waitFor(() => ask().catch(() => undefined), { what: 'the key to be in force' });
    expect(response.output_text).toContain(SENT);
    await mesh.admin.archived(TENANT, extensionOf(response).run_id);
    const told = await mesh.admin.policy<{ destroyed: object }>(TENANT, '/vault/subjects/ann', 'DELETE');
    expect(told.destroyed).toEqual({ keys: 1, values: 1 });
    const read = await mesh.openai(key).responses.retrieve(response.id);
    expect(read.output_text).toContain('[EMAIL erased]');
    expect(read.output_text).not.toContain(SENT);
    expect((await mesh.admin.verify(TENANT, extensionOf(response).run_id)).ok).toBe(true);
    const again = await ask();
    expect(again.output_text).toContain(SENT);
  });
});

interface Trial {
  refused: boolean;
  spans: { class: string; start: number; end: number; recogniser: string; action: string; rule: string | null }[];
  text: string;
}
