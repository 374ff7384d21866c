import { type Tap, tapCore } from '@signalbox/bus/provision';
import { findRaw } from '@signalbox/privacy';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agent, httpTool, permit } from './support/definitions.ts';
import { startServer, type TestServer } from './support/http-server.ts';
import { E2eMesh, extensionOf, TENANT } from './support/mesh.ts';
import { simScript } from './support/sim.ts';

/** Nobody has any of it. */
const MAIL = 'greta.lind@example.org';
const PHONE = '+49 30 901820';

let mesh: E2eMesh;
let server: TestServer;
let tap: Tap;
/** What reached the tool. */
const received: { to: string; note: string }[] = [];
const leaks = new Set<string>();
const notes: Record<string, unknown>[] = [];

beforeAll(async () => {
  server = await startServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (request.url !== '/mail') return void response.end('Prices went up by two percent.');
      const body = JSON.parse(text) as (typeof received)[0];
      received.push(body);
      response.end(
        JSON.stringify({ sent: body.to.toUpperCase(), for: body.note, again: Buffer.from(body.to).toString('base64') }),
      );
    });
  });
  mesh = await E2eMesh.start('reveal');
  const decoder = new TextDecoder();
  tap = await tapCore({ url: mesh.url('nats'), keysDir: mesh.stack.keysDir }, ({ subject, headers, body }) => {
    const text = decoder.decode(body);
    for (const { value, spelling } of findRaw(`${subject}\n${headers}\n${text}`, [MAIL, PHONE]))
      leaks.add(`${subject}: ${value} (${spelling})`);
    if (subject === `sb.v1.audit.${TENANT}.values-revealed`)
      notes.push(JSON.parse(text.slice(text.indexOf('{"kind"'))).facts);
  });
  const mail = {
    ...httpTool('mail', server.host, { effect: 'unsafe' }),
    parameters: {
      type: 'object',
      properties: { to: { type: 'string' }, note: { type: 'string' } },
      required: ['to', 'note'],
      additionalProperties: false,
    },
    driver: { kind: 'http' as const, hosts: [server.host], methods: ['POST' as const], address: `${server.url}/mail` },
    reveals: [{ pointer: '/to', purpose: 'send the mail' }],
  };
  const tools = [
    mail,
    { ...httpTool('look_up', server.host), source: 'untrusted' as const },
    { ...httpTool('post', server.host), parameters: { type: 'object' } },
  ];
  const names = tools.map(({ name }) => name);
  const grant = (id: string, head: string, when = ''): { id: string; description: string; text: string } => ({
    id,
    description: '',
    text: `permit(principal == Agent::"${head}", action == Action::"reveal", resource == PiiClass::"EMAIL")${when};`,
  });
  // The rules of the mesh would ask about these calls; here it is policy that tells them apart.
  for (const [id, rule] of [
    ['integrity', 'base.integrity'],
    ['confidentiality', 'base.confidentiality'],
  ] as const)
    await mesh.admin.waive(TENANT, { id, rule, agents: '*', reason: 'policy decides' });
  await mesh.define({
    tools,
    agents: ['clerk', 'wary', 'other', 'open'].map((id) => agent(id, { tools: names })),
    rules: [permit('all', ['clerk', 'wary', 'other', 'open'], names)],
    policies: [
      grant('clerk-mails', 'clerk', ' when { context.tool == Tool::"mail" && context.pointer == "/to" }'),
      grant('wary-mails', 'wary', ' unless { context.untrusted }'),
      grant('open-reveals', 'open'),
      { id: 'everything', description: '', text: 'permit(principal == Agent::"other", action, resource);' },
    ],
  });
});
afterAll(async () => {
  await tap?.stop();
  await mesh?.stop();
  await server?.stop();
});
beforeEach(() => {
  received.length = 0;
  notes.length = 0;
});

const send = (to = MAIL) => ({ name: 'mail', arguments: { to, note: `to ${MAIL}, ${PHONE}` } });

async function run(model: string, steps: Parameters<typeof simScript>[0], key?: string) {
  const response = await mesh
    .openai(key)
    .responses.create({ model, input: simScript([...steps, { text: 'Said: {{result:0}}' }]) });
  const { entries, story } = await mesh.admin.archived(TENANT, extensionOf(response).run_id);
  const bodies = entries.map(({ body }) => body);
  const text = JSON.stringify(entries);
  return { answer: response.output_text, text, bodies, story: story.map((line) => line.text).join('\n') };
}

describe('a tool that needs a real value', () => {
  it('gets it where policy grants it, there and nowhere else; what it says comes back as it was', async () => {
    const { answer, text, bodies, story } = await run('clerk', [{ tools: [send()] }]);
    expect(received).toHaveLength(1);
    expect(received[0]?.to).toBe(MAIL);
    // Granted is one argument.
    expect(received[0]?.note).toMatch(/^to \[\[EMAIL:\w{20}\]\], \[\[PHONE:\w{20}\]\]$/);
    const token = /\[\[EMAIL:\w{20}\]\]/.exec(received[0]!.note)![0];
    const result = bodies.find((body) => typeof body['result'] === 'string')!;
    const { body } = JSON.parse(result['result'] as string) as { body: string };
    expect(JSON.parse(body)).toMatchObject({
      sent: token,
      again: Buffer.from(token).toString('base64'),
    });
    expect(result['revealed']).toEqual([
      { class: 'EMAIL', pointer: '/to', purpose: 'send the mail', count: 1, policies: ['clerk-mails'] },
    ]);
    expect(story).toContain('Was given 1 real EMAIL at /to for "send the mail" by policy clerk-mails.');
    expect(findRaw(text, [MAIL, PHONE])).toEqual([]);
    expect(answer).toContain(MAIL);
    await waitFor(() => notes.length > 0, { what: 'the use to be on record' });
    expect(notes).toEqual([
      expect.objectContaining({
        agent: 'clerk',
        tool: 'mail',
        userId: 'first',
        values: 1,
        places: 'EMAIL at /to',
        policies: 'clerk-mails',
      }),
    ]);
  });

  it('is not called without it, not even where a policy permits everything', async () => {
    const { story } = await run('other', [{ tools: [send()] }]);
    expect(received).toEqual([]);
    expect(story).toContain('REVEAL_DENIED: The tool mail needs the real EMAIL at /to for "send the mail"');
  });

  it('is told apart from one that read what others wrote', async () => {
    const look = { name: 'look_up', arguments: { url: `${server.url}/prices` } };
    await run('wary', [{ tools: [send()] }]);
    expect(received).toHaveLength(1);
    const { story } = await run('wary', [{ tools: [look] }, { tools: [send()] }]);
    expect(received).toHaveLength(1);
    expect(story).toContain('REVEAL_DENIED');
  });

  it('that goes wherever its arguments say gets none in a run that read what others wrote', async () => {
    const post = {
      name: 'post',
      arguments: { url: `${server.url}/mail`, method: 'POST', body: { to: MAIL, note: '' } },
    };
    await run('open', [{ tools: [post] }]);
    await run('open', [
      { tools: [{ name: 'look_up', arguments: { url: `${server.url}/prices` } }] },
      { tools: [post] },
    ]);
    expect(received.map(({ to }) => to)).toEqual([MAIL, expect.stringMatching(/^\[\[EMAIL:/)]);
  });

  it('gets the value of a user who was erased once they say it again', async () => {
    const { key } = await mesh.admin.createKey(TENANT, 'greta');
    await waitFor(() => run('clerk', [{ tools: [send()] }], key).catch(() => undefined), {
      what: 'the key to be in force',
    });
    expect(received).toHaveLength(1);
    await mesh.admin.policy(TENANT, '/vault/subjects/greta', 'DELETE');
    await run('clerk', [{ tools: [send()] }], key);
    expect(received).toHaveLength(2);
  });

  it('and no value was on any subject inside', () => {
    expect([...leaks]).toEqual([]);
  });
});
