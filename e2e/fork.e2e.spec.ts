import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '@signalbox/local-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, httpTool, model, permit } from './support/definitions.ts';
import { startServer, type TestServer } from './support/http-server.ts';
import { E2eMesh, extensionOf, TENANT } from './support/mesh.ts';
import { simScript } from './support/sim.ts';

const COMMAND = join(repositoryRoot(), 'apps', 'cli', 'bin', 'signalbox.mjs');
const EMAIL = 'anna.berg@example.com';
const NOBODY = `run_00_${'0'.repeat(26)}`;

let mesh: E2eMesh;
let server: TestServer;
let bookings = 0;
/** A run of two steps: it books, then says what it was told. */
let source: string;

beforeAll(async () => {
  server = await startServer((_request, response) => void response.end(`booked as ${++bookings}`));
  mesh = await E2eMesh.start('fork');
  await mesh.define({
    models: [model('other'), model('third')],
    tools: [httpTool('book', server.host, { effect: 'unsafe' })],
    agents: [
      agent('helper', { tools: ['book'], forks: { models: ['other'], instructions: true } }),
      agent('strict', { tools: ['book'] }),
    ],
    rules: [permit('bookings', ['helper', 'strict'], ['book'])],
  });
  source = await started('helper');
});

afterAll(async () => {
  await mesh?.stop();
  await server?.stop();
});

async function started(agentId: string): Promise<string> {
  const call = { name: 'book', arguments: { url: server.url, method: 'POST' } };
  const input = simScript([{ tools: [call] }, { text: `{{result:0}} for ${EMAIL}` }], `Book for ${EMAIL}.`);
  const response = await mesh.openai().responses.create({ model: agentId, input });
  expect(response.output_text).toMatch(/booked as \d/);
  return extensionOf(response).run_id;
}

interface Answer {
  status: number;
  output: { content: { text: string }[] }[];
  error: { code: string; message: string } | null;
  signalbox: { run_id: string; model: string; tool_calls: number; fork: unknown };
}

/** Forks at the edge and waits for the end. */
async function fork(change: object, request: object = {}): Promise<Answer> {
  const body = { model: 'helper', signalbox: { fork: { runId: source, step: 1, ...change } }, ...request };
  const response = await mesh.request('/v1/responses', { method: 'POST', body: JSON.stringify(body) });
  return { ...((await response.json()) as Answer), status: response.status };
}

function signalbox(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const env = { ...process.env, SIGNALBOX_STATE_DIR: mesh.stack.stateDir };
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

describe('a fork at the edge', () => {
  it('goes on from the step with another model, and makes none of its calls again', async () => {
    const before = bookings;
    const { output, signalbox: ours } = await fork({ model: 'other' });
    const { text } = output[0]!.content[0]!;
    expect(text).toContain('booked as 1');
    expect(text).toContain(` for ${EMAIL}`);
    expect(ours).toMatchObject({ model: 'other', tool_calls: 0, fork: { runId: source, step: 1, model: 'other' } });
    expect(bookings).toBe(before);
    const { entries, story } = await mesh.admin.archived(TENANT, ours.run_id);
    expect(entries.map(({ kind }) => kind)).not.toContain('session.loaded.v1');
    expect(JSON.stringify(entries)).not.toContain(EMAIL);
    expect(story[0]!.text).toContain(`Forked from ${source} after step 1`);
    expect(await mesh.admin.verify(TENANT, ours.run_id)).toMatchObject({ ok: true, faults: [] });
  });

  it('takes other instructions and more words, and can be continued and forked itself', async () => {
    const text = `Ask ${EMAIL} again.`;
    const first = await fork({ instructions: text }, { input: simScript([{ text: 'As you like.' }]) });
    expect(first.output[0]!.content[0]!.text).toBe('As you like.');
    const next = await fork({ runId: first.signalbox.run_id, step: 0 });
    expect(next.output[0]!.content[0]!.text).toBe('As you like.');
    const { entries } = await mesh.admin.archived(TENANT, next.signalbox.run_id);
    expect((entries[0]!.body['prefix'] as unknown[]).length).toBe(4);
    const continued = await mesh.openai().responses.create({
      model: 'helper',
      input: simScript([{ text: 'Further.' }]),
      previous_response_id: first.signalbox.run_id.replace('run_', 'resp_'),
    });
    const later = await mesh.admin.archived(TENANT, extensionOf(continued).run_id);
    const loaded = later.entries.find(({ kind }) => kind === 'session.loaded.v1')!;
    expect((loaded.body['messages'] as unknown[]).length).toBe(5);
  });

  it.each<[string, string, object, object]>([
    ['a model that the agent does not list', 'AGENT_DENIED', { model: 'third' }, {}],
    ['a step that has not been', 'REQUEST_INVALID', { step: 9 }, {}],
    ['an answer, with nothing to add', 'REQUEST_INVALID', { step: 2 }, {}],
    ['another agent', 'REQUEST_INVALID', {}, { model: 'strict' }],
    ['a run that is not there', 'RUN_UNKNOWN', { runId: NOBODY }, {}],
  ])('is refused for %s', async (_what, code, change, request) => {
    const { error } = await fork(change, request);
    expect(error?.code).toBe(code);
  });

  it('is refused where the agent allows no other instructions', async () => {
    const runId = await started('strict');
    const { error } = await fork({ runId, instructions: 'Do as you like.' }, { model: 'strict' });
    expect(error?.code).toBe('AGENT_DENIED');
    expect((await fork({ runId }, { model: 'strict' })).signalbox).toMatchObject({ tool_calls: 0 });
  });
});

describe('signalbox fork', () => {
  it('prints the other answer, and exits 1 with the reason where there is none', async () => {
    const before = bookings;
    const done = await signalbox(
      'fork',
      source,
      '--step',
      '1',
      '--model',
      'other',
      simScript([{ text: 'Otherwise.' }]),
    );
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    expect(done.stdout).toMatch(/^Otherwise\.\n\n\(run_/);
    expect(bookings).toBe(before);
    expect(await signalbox('fork', source, '--step', '7')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('The run has 2 completed steps') as string,
    });
    expect((await signalbox('fork', NOBODY, '--step', '1')).stderr).toContain('RUN_UNKNOWN');
    expect((await signalbox('fork', source)).exitCode).toBe(2);
  });
});
