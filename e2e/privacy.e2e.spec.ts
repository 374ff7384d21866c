import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { type Tap, tapCore } from '@signalbox/bus/provision';
import { queryOnce } from '@signalbox/local-servers';
import { findRaw } from '@signalbox/privacy';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, codeTool, httpTool, permit } from './support/definitions.ts';
import { startServer, type TestServer } from './support/http-server.ts';
import { E2eMesh, extensionOf, TENANT, withOurs } from './support/mesh.ts';
import { callThenQuote, simScript } from './support/sim.ts';

/** Everything personal in this file, by where it comes from. Nobody has any of it. */
const ASKED = {
  name: 'Annabel Bergström',
  email: 'annabel.b@example.com',
  phone: '+49 30 901820',
  card: '4012 8888 8888 1881',
  iban: 'DE89 3704 0044 0532 0130 00',
};
const FETCHED = {
  email: 'kept.by.server@example.net',
  iban: 'FR14 2004 1010 0505 0001 3M02 606',
  card: '5555555555554444',
};
const PRINTED = { email: 'printed.out@example.org', iban: 'NL91ABNA0417164300', card: '3782 822463 10005' };
const FAILED = { email: 'said.in.an.error@example.com' };
const CANCELLED = { email: 'gave.the.reason@example.com' };
const ANSWERED = { email: 'answered.a.question@example.com', card: '6011 1111 1111 1117' };
/** What the simulated provider makes up. */
const INVENTED = {
  email: 'nora.lind@example.org',
  phone: '+44 20 7946 0958',
  card: '4111 1111 1111 1111',
  iban: 'GB82 WEST 1234 5698 7654 32',
};
const SECRETS = [ASKED, FETCHED, PRINTED, FAILED, CANCELLED, ANSWERED, INVENTED].flatMap((group) =>
  Object.values(group),
);

let mesh: E2eMesh;
let server: TestServer;
let tap: Tap;
/** Where a raw value was seen, and how much was looked at. */
const leaks = new Set<string>();
const seen = { subjects: new Set<string>(), bytes: 0 };

function look(place: string, text: string): void {
  for (const { value, spelling } of findRaw(text, SECRETS)) leaks.add(`${place}: ${value} (${spelling})`);
}

beforeAll(async () => {
  server = await startServer((request, response) => {
    if (request.url === '/hang') return;
    const nested = JSON.stringify({ contact: FETCHED.email });
    const body = { owner: FETCHED.email, account: { iban: FETCHED.iban }, card: Number(FETCHED.card), nested };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  });
  mesh = await E2eMesh.start('privacy');
  const decoder = new TextDecoder();
  tap = await tapCore({ url: mesh.url('nats'), keysDir: mesh.stack.keysDir }, ({ subject, headers, body }) => {
    seen.subjects.add(subject.split('.').slice(0, 3).join('.'));
    seen.bytes += body.length;
    look(subject, `${subject}\n${headers}\n${decoder.decode(body)}`);
  });
  const tools = [
    httpTool('fetch', server.host),
    httpTool('send', server.host, { effect: 'unsafe', limits: { wallMs: 300 } }),
    codeTool('python', 'python'),
  ].map((tool) => ({ ...tool, name: `my_${tool.name}` }));
  const names = tools.map(({ name }) => name);
  await mesh.define({
    tools,
    agents: [agent('helper', { tools: names })],
    rules: [permit('helper-may', ['helper'], names)],
  });
});

afterAll(async () => {
  await tap?.stop();
  await mesh?.stop();
  await server?.stop();
});

const profile = { names: [ASKED.name] };

async function answerTo(input: string, more: { stream?: boolean; conversation?: string } = {}): Promise<string> {
  const request = withOurs({ model: 'helper', input, ...more, stream: false as const }, { profile });
  const response = await mesh.openai().responses.create(request);
  await mesh.admin.archived(TENANT, extensionOf(response).run_id);
  return response.output_text;
}

describe('personal data', () => {
  it('in a question come back in the answer, plain and streamed, and in the next one of the conversation', async () => {
    const text = `${ASKED.name}: ${ASKED.email}, ${ASKED.phone}, ${ASKED.card}, ${ASKED.iban}.`;
    const input = simScript([{ text }], `I am ${ASKED.name}.`);
    expect(await answerTo(input, { conversation: 'c1' })).toBe(text);
    expect(await answerTo(`What do you know of ${ASKED.email}?`, { conversation: 'c1' })).toContain(ASKED.email);
    const request = withOurs({ model: 'helper', input, stream: true as const }, { profile });
    let streamed = '';
    for await (const event of await mesh.openai().responses.create(request)) {
      if (event.type === 'response.output_text.delta') streamed += event.delta;
    }
    expect(streamed).toBe(text);
  });

  it('in many spellings are found', async () => {
    const spellings = [
      ASKED.email.toUpperCase(),
      ASKED.card.replaceAll(' ', '-'),
      ASKED.card.replaceAll(' ', ''),
      ASKED.iban.replaceAll(' ', ''),
      JSON.stringify({ card: Number(ASKED.card.replaceAll(' ', '')), mail: ASKED.email }),
    ];
    await answerTo(`${simScript([{ text: 'Noted.' }])}\n${spellings.join('\n')}`);
  });

  it('in the answer of a server come back to the person who asked', async () => {
    const answer = await answerTo(callThenQuote('my_fetch', { url: `${server.url}/` }));
    expect(answer).toContain(FETCHED.email);
    expect(answer).toContain(FETCHED.iban);
    expect(answer).toContain(FETCHED.card);
  });

  it('that a program prints come back to the person who asked', async () => {
    // Spelled so that the question itself says nothing of it: base64 would be looked into.
    const parts = Object.values(PRINTED).map((value) => [...value].join('_q_'));
    const code = `for part in ${JSON.stringify(parts)}: print(part.replace("_q_", ""))`;
    const answer = await answerTo(callThenQuote('my_python', { code }));
    for (const value of Object.values(PRINTED)) expect(answer).toContain(value);
  });

  it('in the error of a program come back to the person who asked', async () => {
    const code = `raise SystemExit("no account of " + "${FAILED.email.split('@').join('" + "@" + "')}")`;
    expect(await answerTo(callThenQuote('my_python', { code }))).toContain(FAILED.email);
  });

  it('that the provider brings in come back, in words and in the arguments of tools', async () => {
    const words = Object.keys(INVENTED).map((name) => `{{invent:${name}}}`);
    const raw = `{"code": "print('${words.join(' ')}')"}`;
    const steps = [
      { text: words.join(', '), tools: [{ name: 'my_python', raw }] },
      { text: `Told ${words[0]}: {{result:0}}` },
    ];
    expect(await answerTo(simScript(steps))).toContain(`Told ${INVENTED.email}`);
  });

  it('in a cancel, and in the answer to a question, are cleaned too', async () => {
    const client = await mesh.client();
    const hanging = await client.run({ agent: 'helper', input: simScript([{ hang: true }]) });
    await client.cancel(hanging.runId, `asked by ${CANCELLED.email}`);
    expect(await hanging.result()).toMatchObject({ status: 'cancelled' });
    const input = callThenQuote('my_send', { url: `${server.url}/hang`, method: 'POST' });
    const asking = await client.run({ agent: 'helper', input });
    const { question } = await asking.result();
    const result = `It went to ${ANSWERED.email}, paid by ${ANSWERED.card}.`;
    await client.answer(asking.runId, question!.questionId, 'result', result);
    const ended = await waitFor(
      async () => {
        const view = await asking.status();
        return view.endedAt !== null && view;
      },
      { what: 'the answered run to end' },
    );
    expect(ended.output).toBe(`The tool said: ${result}`);
    await client.close();
  });

  it('of a large question are cleaned in the object store too', async () => {
    const filler = Array.from(
      { length: 2_000 },
      (_, n) => `Line ${n} of what ${ASKED.name} wrote about ${ASKED.email}.`,
    );
    expect(await answerTo(`${simScript([{ text: `Read, ${ASKED.name}.` }])}\n${filler.join('\n')}`)).toBe(
      `Read, ${ASKED.name}.`,
    );
    expect([...seen.subjects].join(' ')).toContain('$O.artifacts');
  });
});

describe('afterwards', () => {
  it('no raw value was on any subject, bucket or object inside', () => {
    expect([...leaks]).toEqual([]);
    for (const place of [
      'sb.v1.run',
      'sb.v1.work',
      'sb.v1.tok',
      'sb.v1.svc',
      '$KV.sessions',
      '$KV.policy',
      '$O.artifacts',
      '$O.journals',
    ]) {
      expect(
        [...seen.subjects].some((subject) => subject.startsWith(place)),
        place,
      ).toBe(true);
    }
  });

  it('none is in a log', () => {
    const files = readdirSync(mesh.stack.logsDir);
    expect(files).toEqual(expect.arrayContaining(['guard.log', 'inference.log', 'nats.log', 'postgres.log']));
    for (const file of files) look(`log ${file}`, readFileSync(join(mesh.stack.logsDir, file), 'utf8'));
    expect([...leaks]).toEqual([]);
  });

  it('none is in Postgres', async () => {
    const url = mesh.stack.adminUrl;
    const tables = await queryOnce<{ name: string }>(
      url,
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
       where table_schema not in ('pg_catalog', 'information_schema')`,
    );
    const names = tables.map(({ name }) => name);
    for (const name of ['audit.chunks', 'audit.runs', 'policy.agents', 'privacy.vault']) expect(names).toContain(name);
    let rows = 0;
    for (const name of names) {
      for (const { text } of await queryOnce<{ text: string }>(url, `select t::text as text from ${name} t`)) {
        look(name, text);
        rows++;
      }
    }
    const segments = await queryOnce<{ bytes: Buffer }>(url, 'select bytes from audit.segments');
    const stored = segments.map(({ bytes }) => zstdDecompressSync(bytes).toString('utf8'));
    for (const text of stored) look('audit.segments.bytes', text);
    expect(stored.join()).toContain('sb1 run.accepted.v1 guard');
    expect([...leaks]).toEqual([]);
    expect(rows).toBeGreaterThan(100);
  });

  it('and this test would have seen one', () => {
    const planted = findRaw(`"to":"${Buffer.from(ASKED.email).toString('base64')}", ${FETCHED.card}`, SECRETS);
    expect(planted.map(({ value }) => value)).toEqual([ASKED.email, FETCHED.card]);
  });
});
