import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from './server.js';

let simulator: Simulator;
let client: OpenAI;

beforeAll(async () => {
  simulator = await startSimulator({ host: '127.0.0.1', port: 0, wordDelayMs: 0 });
  client = new OpenAI({ baseURL: simulator.url, apiKey: 'none', maxRetries: 0 });
});
afterAll(() => simulator.stop());

type Messages = OpenAI.ChatCompletionMessageParam[];
type Tools = OpenAI.ChatCompletionTool[];
const model = 'signalbox-simulation';
const sim = (...steps: unknown[]): Messages => [{ role: 'user', content: `Hello\n#sim ${JSON.stringify({ steps })}` }];
const ask = (messages: Messages, tools?: Tools) =>
  client.chat.completions.create({ model, messages, ...(tools ? { tools } : {}) });
const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });

const tool = (name: string, properties: Record<string, unknown>): Tools[number] => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties } },
});
const tools: Tools = [
  tool('run_python', { code: { type: 'string' } }),
  tool('http_post', { url: { type: 'string' }, body: { type: 'string' } }),
];

const csv = 'station,delay_minutes,trains\n"Upton, Lower",12.5,40\nMarsh End,3,81\nHigh Cross,27,16\n';
const question = 'I am [PERSON_1], [EMAIL_1]. Which station in stations.csv has the largest delay?';

/** Runs code as a tool would, with /data being a folder of ours. */
function runCode(program: string, code: string, content = csv): string {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-simulator-'));
  try {
    writeFileSync(join(folder, 'stations.csv'), content);
    const flag = program === 'python3' ? '-c' : '-e';
    return execFileSync(program, [flag, code.replace('/data/', `${folder}/`)], { encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the protocol', () => {
  it('answers plainly, and says in every place that it is a simulation', async () => {
    const { data, response } = await ask(sim({ text: 'Good day.' })).withResponse();
    expect(response.headers.get('x-signalbox-simulation')).toBe('true');
    expect(data).toMatchObject({ model, system_fingerprint: 'simulation', object: 'chat.completion' });
    expect(data.choices[0]).toMatchObject({ message: { content: 'Good day.' }, finish_reason: 'stop' });
    expect(data.usage?.total_tokens).toBeGreaterThan(0);
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual([model]);
  });

  it('gives the same answer for the same request', async () => {
    expect(await ask(sim({ text: 'one' }))).toEqual(await ask(sim({ text: 'one' })));
  });

  it('streams the same text, calls and usage as it answers plainly', async () => {
    const messages = sim({
      text: ' Two  words\nand more ',
      tools: [{ name: 'run_python', arguments: { code: 'x'.repeat(200) } }],
    });
    const plain = await ask(messages, tools);
    const stream = client.chat.completions.stream({ model, messages, tools, stream_options: { include_usage: true } });
    const streamed = await stream.finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe(plain.choices[0]?.message.content);
    expect(streamed.choices[0]?.message.tool_calls).toMatchObject(plain.choices[0]?.message.tool_calls ?? [{}]);
    expect([streamed.choices[0]?.finish_reason, streamed.usage]).toEqual([
      plain.choices[0]?.finish_reason,
      plain.usage,
    ]);
  });

  it('cuts an answer at the limit of tokens', async () => {
    const answer = await client.chat.completions.create({
      model,
      messages: sim({ text: 'a'.repeat(99) }),
      max_completion_tokens: 5,
    });
    expect(answer.choices[0]).toMatchObject({ message: { content: 'a'.repeat(20) }, finish_reason: 'length' });
  });

  it.each([
    ['no JSON', '{'],
    ['no messages', '{"model":"m","messages":[]}'],
    ['bad UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['a script that is none', JSON.stringify({ model, messages: [{ role: 'user', content: '#sim {"steps":1}' }] })],
  ])('refuses %s in the shape of OpenAI', async (_name, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { type: 'invalid_request_error', message: expect.any(String) },
    });
  });

  it('knows no other path, and is healthy', async () => {
    const origin = `http://127.0.0.1:${simulator.port}`;
    expect((await fetch(`${origin}/v1/other`)).status).toBe(404);
    expect((await fetch(`${origin}/health/ready`)).status).toBe(200);
    expect((await fetch(`${origin}/health/live`)).status).toBe(200);
  });
});

describe('a script', () => {
  it('goes on where the caller remarks on the answers of tools, and ends with the next question', async () => {
    const call = (name: string) => ({ tools: [{ name, arguments: {} }] });
    const asked: Messages = sim(call('look'), call('look'), { text: 'Found.' });
    for (const id of ['a', 'b']) {
      const { message } = (await ask(asked)).choices[0]!;
      expect(message.tool_calls).toHaveLength(1);
      asked.push({ ...message, tool_calls: [{ ...message.tool_calls![0]!, id }] } as Messages[number]);
      asked.push({ role: 'tool', tool_call_id: id, content: 'nothing' });
      asked.push({ role: 'user', content: 'You asked the same before and got the same.' });
    }
    const forked: Messages = [
      ...asked.slice(0, 3),
      ...sim({ text: 'never' }, { text: 'never' }),
      ...sim({ text: 'Anew.' }),
    ];
    expect((await ask(forked)).choices[0]!.message.content).toBe('Anew.');
    expect((await ask(asked)).choices[0]!.message.content).toBe('Found.');
    asked.push({ role: 'assistant', content: 'Found.' }, { role: 'user', content: 'And now?' });
    expect((await ask(asked)).choices[0]!.message.content).toContain('simulated provider');
  });
});

describe('scripts', () => {
  it('play one step per answer since the question', async () => {
    const messages = sim({ tools: [{ name: 'x', raw: 'not json' }] }, { text: 'The tool said {{result:0}}.' });
    const first = (await ask(messages)).choices[0]?.message;
    expect(first?.tool_calls?.[0]).toMatchObject({ function: { name: 'x', arguments: 'not json' } });
    const next: Messages = [
      ...messages,
      first!,
      { role: 'tool', tool_call_id: first!.tool_calls![0]!.id, content: 'seven' },
    ];
    expect((await ask(next)).choices[0]?.message.content).toBe('The tool said seven.');
  });

  it('invent values of nobody', async () => {
    expect((await ask(sim({ text: 'Write to {{invent:email}}.' }))).choices[0]?.message.content).toContain(
      '@example.org',
    );
  });

  it('fail with a status and say when to come back', async () => {
    const response = await post(JSON.stringify({ model, messages: sim({ fail: 429, retryAfterS: 3 }) }));
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '3']);
  });

  it('fail so often per step of a run, however the attempt is called', async () => {
    const body = JSON.stringify({ model, messages: sim({ fail: 503, failTimes: 2, text: 'now' }) });
    const statuses: number[] = [];
    for (const attempt of [0, 0, 1])
      statuses.push((await post(body, { 'x-signalbox-call': `run_a:0:${attempt}` })).status);
    expect(statuses).toEqual([503, 503, 200]);
    expect((await post(body, { 'x-signalbox-call': 'run_b:0:0' })).status).toBe(503);
  });

  it.each([
    ['cut', { cut: true }],
    ['cut while streaming', { cut: true, stream: true }],
  ])('%s: the connection breaks', async (_name, { stream, ...step }: { cut: boolean; stream?: boolean }) => {
    const body = JSON.stringify({ model, stream, messages: sim({ text: 'one two three four five six', ...step }) });
    await expect(post(body).then((response) => response.text())).rejects.toThrow(/terminated|fetch failed/);
  });

  it('hang until the asker goes', async () => {
    const controller = new AbortController();
    const hanging = client.chat.completions.create(
      { model, messages: sim({ hang: true }) },
      { signal: controller.signal },
    );
    const stats = async (): Promise<unknown> =>
      (await fetch(`http://127.0.0.1:${simulator.port}/simulation/stats`)).json();
    await expect.poll(stats).toMatchObject({ running: 1 });
    controller.abort();
    await expect(hanging).rejects.toThrow(/abort/i);
    await expect.poll(stats).toMatchObject({ running: 0 });
  });

  it('send garbage', async () => {
    expect(await (await post(JSON.stringify({ model, messages: sim({ garbage: true }) }))).text()).toContain('<html>');
  });
});

describe('the analyst', () => {
  it('repeats placeholders where it has no tools', async () => {
    const text = (await ask([{ role: 'user', content: 'I am [PERSON_1], mail [EMAIL_1]' }])).choices[0]?.message
      .content;
    expect(text).toMatch(/^\[PERSON_1\], .*simulat.*\[EMAIL_1\]/);
  });

  it.each([
    ['python3', 'run_python'],
    ['node', 'run_javascript'],
  ])('reads a file with %s, misbehaves on purpose, and answers from what the tools said', async (program, name) => {
    const messages: Messages = [{ role: 'user', content: question }];
    const offered = [tool(name, { code: { type: 'string' } }), tools[1]!];
    const first = (await ask(messages, offered)).choices[0]!.message;
    const [code, outside] = (first.tool_calls ?? []).map((call) =>
      call.type === 'function' ? call.function : undefined,
    );
    expect([code?.name, outside?.name]).toEqual([name, 'http_post']);
    expect(JSON.parse(outside!.arguments)).toMatchObject({
      url: expect.stringMatching(/^https:/),
      body: expect.stringContaining('[EMAIL_1]'),
    });
    const printed = runCode(program, (JSON.parse(code!.arguments) as { code: string }).code);
    messages.push(first, {
      role: 'tool',
      tool_call_id: first.tool_calls![0]!.id,
      content: JSON.stringify({ stdout: printed, exitCode: 0 }),
    });
    messages.push({
      role: 'tool',
      tool_call_id: first.tool_calls![1]!.id,
      content: '{"error":{"code":"TOOL_DENIED"}}',
    });
    const answer = (await ask(messages, offered)).choices[0]?.message;
    expect(answer?.tool_calls).toBeUndefined();
    expect(answer?.content).toMatch(
      /^\[PERSON_1\], the largest delay_minutes is 27 \(station High Cross, trains 16\)/i,
    );
    expect(answer?.content).toContain(
      'the smallest delay_minutes is 3 (station Marsh End, trains 81); the mean is 14.1667. stations.csv has 3 rows',
    );
    expect(answer?.content).toContain('My call of http_post was refused.');
    expect(answer?.content).toContain('[EMAIL_1]');
  });

  it('takes the column that the question names, and says the end that it asks for first', async () => {
    const messages: Messages = [{ role: 'user', content: 'Which had the lowest p50_ms in stations.csv?' }];
    const first = (await ask(messages, tools)).choices[0]!.message;
    const call = first.tool_calls![0]!;
    const { code } = JSON.parse(call.type === 'function' ? call.function.arguments : '{}') as { code: string };
    const printed = runCode('python3', code, 'name,p50_ms,p99_ms\na,2,9\nb,1,8\n');
    messages.push(first, { role: 'tool', tool_call_id: call.id, content: printed });
    expect((await ask(messages, tools)).choices[0]?.message.content).toMatch(
      /^The smallest p50_ms is 1 \(name b, p99_ms 8\)/,
    );
  });

  it('says so when the tools gave it nothing', async () => {
    const messages: Messages = [{ role: 'user', content: question }];
    const first = (await ask(messages, tools)).choices[0]!.message;
    messages.push(
      first,
      ...first.tool_calls!.map((call) => ({ role: 'tool' as const, tool_call_id: call.id, content: 'TOOL_TIMEOUT' })),
    );
    expect((await ask(messages, tools)).choices[0]?.message.content).toContain('gave me no summary');
  });
});
