import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent } from './support/definitions.ts';
import { startServer, type TestServer } from './support/http-server.ts';
import { E2eMesh } from './support/mesh.ts';

const [ANNA, BO, CLEO] = ['anna.quist@posteo.example', 'bo.adler@posteo.example', 'cleo.marsh@posteo.example'];
const TOKEN = /\[\[EMAIL:[a-z2-7]{20}\]\]/g;

let mesh: E2eMesh;
/** A model that names everybody it was told of, as it was told. */
let model: TestServer;
const heard: string[] = [];

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request as AsyncIterable<Buffer>) text += part.toString();
  return text;
}

beforeAll(async () => {
  model = await startServer((request, response) => {
    void read(request).then((body) => {
      heard.push(body);
      const { messages } = JSON.parse(body) as { messages: { content: string }[] };
      const named = new Set(messages.flatMap(({ content }) => content.match(/\[EMAIL_\d+\]/g) ?? []));
      const message = { role: 'assistant', content: `I know ${[...named].join(', ')}; nobody is [EMAIL_9].` };
      const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }], usage }));
    });
  });
  mesh = await E2eMesh.start('whose-name', {
    services: ['policy', 'guard', 'memory', 'audit', 'inference', 'router', 'gateway'],
    tenants: ['demo', 'acme'],
    env: { inference: { SIGNALBOX_PROVIDER_URL: `${model.url}/v1` } },
  });
  for (const tenant of ['demo', 'acme']) await mesh.admin.define(tenant, { agents: [agent('helper')] });
});
afterAll(async () => {
  await mesh?.stop();
  await model?.stop();
});

interface Said {
  output: string;
  tokens: string[];
}

async function say(tenant: string, conversation: string, input: string): Promise<Said> {
  const client = await mesh.client({ tenant });
  const begun = async (): Promise<string> => {
    // Until every service has the definitions, runs fail: they are tried again, in a conversation of their own.
    for (;;) {
      const { runId } = await client.run({ agent: 'helper', input: 'Hello.' });
      if ((await client.open(runId).result()).status === 'completed') break;
    }
    return (await client.run({ agent: 'helper', session: conversation, input })).runId;
  };
  const runId = await begun();
  const { output } = await client.open(runId).result();
  const { entries } = await mesh.admin.archived(tenant, runId);
  await client.close();
  return { output: output ?? '', tokens: JSON.stringify(entries).match(TOKEN) ?? [] };
}

describe('a name that a model speaks of', () => {
  it('is that of the person whom this conversation named so, in whatever order others named them', async () => {
    expect((await say('demo', 'one', `Meet ${ANNA} and ${BO}.`)).output).toBe(
      `I know ${ANNA}, ${BO}; nobody is [EMAIL_9].`,
    );
    expect((await say('demo', 'two', `Meet ${BO} and ${CLEO}.`)).output).toBe(
      `I know ${BO}, ${CLEO}; nobody is [EMAIL_9].`,
    );
    // What was remembered in one conversation comes back with those it named, beside new ones.
    expect((await say('demo', 'one', `And ${CLEO}?`)).output).toBe(
      `I know ${ANNA}, ${BO}, ${CLEO}; nobody is [EMAIL_9].`,
    );
    expect((await say('demo', 'two', 'Who was it?')).output).toBe(`I know ${BO}, ${CLEO}; nobody is [EMAIL_9].`);
  });

  it('is nobody’s that somebody typed, be it a rendering or the token itself', async () => {
    const { tokens } = await say('demo', 'three', `Meet ${ANNA}.`);
    const token = tokens[0]!;
    const { output } = await say('demo', 'four', `Who is [EMAIL_1], and who ${token}?`);
    expect(output).toBe('I know ; nobody is [EMAIL_9].');
  });

  it('has another token in another tenant, and never meets it', async () => {
    const [ours, theirs] = [await say('demo', 'five', `Meet ${ANNA}.`), await say('acme', 'five', `Meet ${ANNA}.`)];
    expect(theirs.output).toBe(ours.output);
    expect(ours.tokens.length).toBeGreaterThan(0);
    expect(theirs.tokens.length).toBeGreaterThan(0);
    expect(theirs.tokens.filter((token) => ours.tokens.includes(token))).toEqual([]);
    const { output } = await say('acme', 'six', `Who is ${ours.tokens[0]!}?`);
    expect(output).not.toContain(ANNA);
  });

  it('was never told to the model in clear', () => {
    expect(heard.length).toBeGreaterThan(8);
    expect(heard.filter((body) => body.includes('posteo'))).toEqual([]);
  });
});
