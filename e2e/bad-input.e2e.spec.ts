import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { waitFor } from '@signalbox/testing';
import { AuthenticationError, OpenAI } from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ArchivedRun } from './support/admin.ts';
import { agent, codeTool, httpTool, model, permit } from './support/definitions.ts';
import { startServer, type TestServer } from './support/http-server.ts';
import { E2eMesh, extensionOf, TENANT, withOurs } from './support/mesh.ts';
import { callThenQuote, simScript, type SimStep } from './support/sim.ts';

type Response_ = OpenAI.Responses.Response;

const MiB = 1_048_576;
const FLOOD_BYTES = 50 * MiB;

let mesh: E2eMesh;
let openai: OpenAI;
let server: TestServer;
let pids: Record<string, number | null>;

beforeAll(async () => {
  server = await startServer((request, response) => {
    switch (request.url) {
      case '/flood': {
        const chunk = Buffer.alloc(MiB, 'a');
        const send = (left: number): void => {
          if (left === 0) return void response.end();
          response.write(chunk, (error) => error ?? send(left - 1));
        };
        return send(FLOOD_BYTES / MiB);
      }
      case '/hang':
        return;
      case '/cut':
        response.writeHead(200, { 'content-length': '1000' });
        return void response.write('half', () => response.destroy());
      case '/broken':
        response.writeHead(500);
        return void response.end('out of order');
      case '/away':
        response.writeHead(302, { location: 'http://127.0.0.1:1/' });
        return void response.end();
      case '/binary':
        return void response.end(Buffer.from([0, 1, 2, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80]));
      default:
        return void response.end('pong');
    }
  });
  // Failures on purpose must not open the breaker for the tests beside, nor wait long.
  const inference = {
    SIGNALBOX_BREAKER_VOLUME_MIN: '10000',
    SIGNALBOX_ATTEMPTS_MAX: '2',
    SIGNALBOX_RETRY_BASE_MS: '10',
  };
  mesh = await E2eMesh.start('bad-input', { env: { inference } });
  openai = mesh.openai();
  const tools = [
    httpTool('fetch', server.host),
    httpTool('impatient', server.host, { limits: { wallMs: 300 } }),
    httpTool('send', server.host, { effect: 'unsafe', limits: { wallMs: 300 } }),
    httpTool('forbidden', server.host),
    codeTool('program', 'python'),
    codeTool('slow', 'python', { wallMs: 500 }),
    codeTool('busy', 'python', { cpuMs: 200 }),
    codeTool('greedy', 'python', { memoryBytes: 64 * MiB }),
    codeTool('crowd', 'python', { pidsMax: 4 }),
    codeTool('script', 'javascript'),
  ];
  const names = tools.map(({ name }) => name);
  await mesh.define({
    models: [model('quick', { timeoutMs: 400 }), model('wordy', { outputTokensMax: 200_000 })],
    tools,
    agents: [
      agent('tester', { tools: names }),
      agent('hasty', { model: 'quick' }),
      agent('talker', { model: 'wordy' }),
    ],
    rules: [
      permit(
        'tester-may',
        ['tester'],
        names.filter((name) => name !== 'forbidden'),
      ),
    ],
  });
  pids = mesh.pids();
});

afterAll(async () => {
  await mesh?.stop();
  await server?.stop();
});

/** Whatever came in: every process is the one that was there before. */
afterEach(() => expect(mesh.pids()).toEqual(pids));

interface Outcome {
  response: Response_;
  archived: ArchivedRun;
}

/** Asks, and finds the run in the archive with its end and an unbroken chain. */
async function outcome(
  input: string,
  options: { model?: string; limits?: object; stream?: boolean } = {},
): Promise<Outcome> {
  const request = withOurs({ model: options.model ?? 'tester', input }, { limits: options.limits ?? {} });
  const response = await (options.stream ? lastOf(request) : openai.responses.create(request));
  const { run_id: runId } = extensionOf(response);
  const archived = await mesh.admin.archived(TENANT, runId);
  expect(await mesh.admin.verify(TENANT, runId)).toMatchObject({ ok: true, faults: [] });
  expect(archived.run.status).toBe(response.status);
  return { response, archived };
}

/** The Response object with which a stream ends. */
async function lastOf(request: { model: string; input: string }): Promise<Response_> {
  for await (const event of await openai.responses.create({ ...request, stream: true })) {
    if (event.type === 'response.completed' || event.type === 'response.failed') return event.response;
  }
  return expect.fail('the stream ended without an end');
}

const post = (body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}): Promise<Response> =>
  mesh.request('/v1/responses', { method: 'POST', body, headers });

interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string };
}

async function refusal(response: Response): Promise<{ status: number } & ErrorBody['error']> {
  const { error } = (await response.json()) as ErrorBody;
  expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type']);
  return { status: response.status, ...error };
}

const ANSWER_TIMEOUT_MS = 30_000;
/** Silence after which an answer is over. */
const QUIET_MS = 2_000;

/** Sends these very bytes to the edge and gives what it says until it closes, or has said all it had to. */
async function speak(text: string): Promise<string> {
  const { hostname, port } = new URL(mesh.url('gateway'));
  const socket = connect(Number(port), hostname, () => socket.write(text));
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    socket.setTimeout(QUIET_MS);
    answer += chunk.toString();
  });
  // The edge may hang up on what it does not want to read.
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.on('close', resolve));
  return answer;
}

describe('a body', () => {
  it.each([
    ['that is cut off', '{"model": "tester", "input": "Hel'],
    ['that is no JSON', 'model=tester&input=Hello'],
    ['of invalid UTF-8', Buffer.from('{"model":"tester","input":"\xff\xfe"}', 'latin1')],
    ['with an overlong UTF-8 sequence', Buffer.from('{"model":"tester","input":"\xc0\xaf"}', 'latin1')],
    ['of random bytes', randomBytes(4_096)],
    ['nested 100 000 deep and not closed', '['.repeat(100_000)],
  ])('%s is REQUEST_MALFORMED', async (_what, body) => {
    expect(await refusal(await post(body))).toMatchObject({ status: 400, code: 'REQUEST_MALFORMED' });
  });

  it.each([
    ['nothing', null],
    ['an empty object', {}],
    ['a list', []],
    ['a text', 'Hello'],
    ['no model', { input: 'Hello' }],
    ['a model that is no name', { model: '../../*', input: 'Hello' }],
    ['a model with a wildcard', { model: 'a.>', input: 'Hello' }],
    ['no input', { model: 'tester' }],
    ['an empty input', { model: 'tester', input: '' }],
    ['an empty list of messages', { model: 'tester', input: [] }],
    ['a huge list of messages', { model: 'tester', input: Array(257).fill({ role: 'user', content: 'x' }) }],
    ['an unknown role', { model: 'tester', input: [{ role: 'root', content: 'x' }] }],
    ['a number as input', { model: 'tester', input: 7 }],
    ['tools', { model: 'tester', input: 'Hello', tools: [{ type: 'web_search' }] }],
    ['a forced tool', { model: 'tester', input: 'Hello', tool_choice: 'required' }],
    ['limits below zero', { model: 'tester', input: 'Hello', signalbox: { limits: { stepsMax: -1 } } }],
    ['unknown fields of ours', { model: 'tester', input: 'Hello', signalbox: { admin: true } }],
    ['a stream that is a word', { model: 'tester', input: 'Hello', stream: 'yes' }],
  ])('with %s is REQUEST_INVALID and names the field', async (_what, body) => {
    const text = body === null ? '' : JSON.stringify(body);
    const error = await refusal(await post(text));
    expect(error).toMatchObject({ status: 400, code: 'REQUEST_INVALID', type: 'invalid_request_error' });
    expect(error.message).not.toContain('Hello');
  });

  it('nested 100 000 deep is refused where it matters and passed over where it does not', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const asInput = await post(`{"model":"tester","input":${deep}}`);
    expect(await refusal(asInput)).toMatchObject({ status: 400 });
    const asMetadata = await post(`{"model":"tester","input":"Hello","metadata":${deep}}`);
    expect(asMetadata.status).toBe(200);
  });

  it('larger than the edge takes is REQUEST_TOO_LARGE', async () => {
    const body = JSON.stringify({ model: 'tester', input: 'x'.repeat(900_000) });
    expect(await refusal(await post(body))).toMatchObject({ status: 413, code: 'REQUEST_TOO_LARGE' });
  });

  it('that says no length and goes on and on is REQUEST_TOO_LARGE', async () => {
    const head = [
      'POST /v1/responses HTTP/1.1',
      'host: x',
      'content-type: application/json',
      'transfer-encoding: chunked',
    ];
    const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
    const answer = await speak(`${head.join('\r\n')}\r\n\r\n${chunk.repeat(20)}`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('REQUEST_TOO_LARGE');
  });

  it('of 700 KB is a run like any other', async () => {
    const { response } = await outcome(`${simScript([{ text: 'Long.' }])}\n${'lorem ipsum '.repeat(58_000)}`);
    expect(response.output_text).toBe('Long.');
  });

  it('of another content type is refused', async () => {
    const body = JSON.stringify({ model: 'tester', input: 'Hello' });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'nonsense']) {
      expect(await refusal(await post(body, { 'content-type': type }))).toMatchObject({ code: 'REQUEST_MALFORMED' });
    }
  });

  it('with characters that stores cannot hold is a run like any other', async () => {
    const odd = 'NUL \u0000, half a pair \ud800, \u202e turned, \ufffe, \u0007';
    const { response } = await outcome(simScript([{ text: `I saw ${odd}` }], `Look: ${odd}`));
    expect(response.output_text).toMatch(/^I saw NUL/);
  });

  it('with very many personal values keeps them all', async () => {
    const emails = Array.from({ length: 5_000 }, (_, n) => `person${n}@example.com`);
    const { response } = await outcome(`${simScript([{ text: `Last was ${emails.at(-1)}.` }])}\n${emails.join(' ')}`);
    expect(response.output_text).toBe(`Last was ${emails.at(-1)}.`);
    expect(extensionOf(response).redactions).toEqual({ EMAIL: 5_000 });
  });
});

describe('a key', () => {
  it('that is missing, misshapen, unknown or of no tenant is refused as OpenAI would', async () => {
    for (const apiKey of [
      'sk-proj-1234',
      `sb_${TENANT}_${'A'.repeat(43)}`,
      `sb_nobody_${'A'.repeat(43)}`,
      'sb__x',
      ' ',
    ]) {
      const client = new OpenAI({ apiKey, baseURL: `${mesh.url('gateway')}/v1`, maxRetries: 0 });
      const error = await client.responses
        .create({ model: 'tester', input: 'Hello' })
        .catch((thrown: unknown) => thrown);
      expect(error, apiKey).toBeInstanceOf(AuthenticationError);
      expect((error as AuthenticationError).code, apiKey).toMatch(/^KEY_(INVALID|MISSING)$/);
    }
    const none = await fetch(`${mesh.url('gateway')}/v1/models`);
    expect(await refusal(none)).toMatchObject({ status: 401, code: 'KEY_MISSING', type: 'authentication_error' });
  });

  it('is asked for before anything else is looked at', async () => {
    const answer = await post('{"model":', { authorization: 'Bearer wrong' });
    expect([400, 401]).toContain(answer.status);
    expect((await mesh.request('/v1/responses/resp_nonsense', { headers: { authorization: '' } })).status).toBe(401);
  });
});

describe('a path', () => {
  it('that does not exist is ROUTE_UNKNOWN', async () => {
    for (const path of [
      '/',
      '/v2/responses',
      '/v1/chat',
      '/v1/responses/a/b/c',
      '/health/ready',
      '/.env',
      '/v1//models',
    ]) {
      expect(await refusal(await mesh.request(path)), path).toMatchObject({ status: 404, code: 'ROUTE_UNKNOWN' });
    }
    expect(await refusal(await mesh.request('/v1/models', { method: 'DELETE' }))).toMatchObject({ status: 404 });
  });

  it.each([
    'resp_00_00000000000000000000000000',
    'run_00_00000000000000000000000000',
    'resp_99_00000000000000000000000000',
    'resp_00_*',
    '%3E',
    'resp_00_0000000000000000000000000%00',
    '..%2f..%2fetc%2fpasswd',
    '%ff%fe',
    '%',
    'x'.repeat(200),
    encodeURIComponent('Ünïcödé'),
  ])('with the odd id %s is refused in OpenAI’s shape', async (id) => {
    const error = await refusal(await mesh.request(`/v1/responses/${id}`));
    expect([400, 404], error.code).toContain(error.status);
    expect(error.code).toMatch(/^(RUN_UNKNOWN|ROUTE_UNKNOWN|REQUEST_MALFORMED)$/);
  });
});

describe('the connection', () => {
  it('survives huge headers and odd ones', async () => {
    expect(await refusal(await post('{}', { 'x-huge': 'x'.repeat(100_000) }))).toMatchObject({ status: 431 });
    const body = JSON.stringify({ model: 'tester', input: 'Hello' });
    const longKey = await refusal(await post(body, { 'idempotency-key': 'k'.repeat(300) }));
    expect(longKey).toMatchObject({ status: 400, code: 'REQUEST_INVALID', param: 'Idempotency-Key' });
  });

  it('may carry no HTTP at all', async () => {
    const answer = await speak('\x16\x03\x01 no HTTP\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('REQUEST_MALFORMED');
  });
});

describe('a provider', () => {
  const text = 'one two three four';
  const failing: [string, SimStep, string, string?][] = [
    ['answers garbage', { garbage: true }, 'PROVIDER_GARBAGE'],
    ['breaks the connection', { text, cut: true }, 'PROVIDER_CUT'],
    // Half of a JSON body is no JSON; half of a stream is a stream that was cut.
    ['ends before its answer does', { text, cut: 'clean' }, 'PROVIDER_GARBAGE', 'PROVIDER_CUT'],
    ['refuses with 400', { fail: 400 }, 'PROVIDER_REJECTED'],
    ['refuses the key', { fail: 401 }, 'PROVIDER_REJECTED'],
  ];
  it.concurrent.each(failing)('that %s fails the run by its code', async (_what, step, plain, streamed = plain) => {
    const ends = [{ stream: false }, { stream: true }].map((options) => outcome(simScript([step]), options));
    const codes = (await Promise.all(ends)).map(({ response }) => response.error?.code);
    expect(codes).toEqual([plain, streamed]);
  });

  it.concurrent.each([
    ['is away', 503],
    ['always asks to slow down', 429],
  ])('that %s is waited for, at most as long as the run may last', async (_what, fail) => {
    const { response, archived } = await outcome(simScript([{ fail }]), { limits: { wallMsMax: 2_000 } });
    expect(response).toMatchObject({ status: 'failed', error: { code: 'LIMIT_WALL_TIME' } });
    const codes = archived.entries.flatMap(({ kind, body }) =>
      kind === 'model.failed.v1' ? [(body['error'] as { code: string }).code] : [],
    );
    expect(new Set(codes)).toEqual(new Set([fail === 429 ? 'PROVIDER_RATE_LIMITED' : 'PROVIDER_UNAVAILABLE']));
    expect(codes.length).toBeGreaterThan(1);
  });

  it.concurrent.each([
    ['hangs', { hang: true }],
    ['hangs in the middle', { text: 'one two three four', hang: 'midway' }],
  ] satisfies [string, SimStep][])('that %s fails the run by PROVIDER_TIMEOUT', async (_what, step) => {
    const { response } = await outcome(simScript([step]), { model: 'hasty' });
    expect(response).toMatchObject({ status: 'failed', error: { code: 'PROVIDER_TIMEOUT' } });
  });

  it.concurrent.each([
    ['fails once', { fail: 503, failTimes: 1 }],
    ['fails more often than one call tries', { fail: 503, failTimes: 3 }],
    ['asks to wait a second', { fail: 429, retryAfterS: 1, failTimes: 1 }],
    ['answers garbage once', { garbage: true, failTimes: 1 }],
    ['cuts its answer once', { cut: true, failTimes: 1 }],
  ] satisfies [string, SimStep][])('that %s is asked again, and the run completes', async (_what, step) => {
    const { response } = await outcome(simScript([{ ...step, text: 'At last it answers.' }]));
    expect(response.output_text).toBe('At last it answers.');
  });

  it.concurrent('may say nothing at all', async () => {
    const { response } = await outcome(simScript([{ text: '' }]));
    expect(response).toMatchObject({ status: 'completed', output_text: '' });
  });

  it.concurrent('may write a very long answer', async () => {
    const { response } = await outcome(simScript([{ text: 'word and ', repeat: 50_000 }]), { model: 'talker' });
    expect(response.output_text).toBe('word and '.repeat(50_000));
  });
});

interface Refused {
  type: string;
  tool: string;
  error: { code: string };
  decision: { kind: string };
}

function refusedCalls({ entries }: ArchivedRun): Refused[] {
  const decisions = entries.filter(({ kind }) => kind === 'decision.v1');
  const events = decisions.flatMap(({ body }) => body['events'] as Refused[]);
  return events.filter(({ type }) => type === 'tool.refused');
}

function failedCalls({ entries }: ArchivedRun): string[] {
  const failed = entries.filter(({ kind }) => kind === 'tool.failed.v1');
  return failed.map(({ body }) => (body['error'] as { code: string }).code);
}

describe('a tool call', () => {
  it.concurrent.each([
    ['arguments that are no JSON', { name: 'fetch', raw: '{"url": "http://127' }, 'TOOL_ARGUMENTS_INVALID'],
    ['a list as arguments', { name: 'fetch', raw: '["http://127.0.0.1/"]' }, 'TOOL_ARGUMENTS_INVALID'],
    ['missing arguments', { name: 'fetch', arguments: {} }, 'TOOL_ARGUMENTS_INVALID'],
    ['arguments of the wrong type', { name: 'fetch', arguments: { url: 7 } }, 'TOOL_ARGUMENTS_INVALID'],
    ['arguments nobody asked for', { name: 'program', arguments: { code: '1', root: true } }, 'TOOL_ARGUMENTS_INVALID'],
    ['a tool that does not exist', { name: 'rm_rf', arguments: {} }, 'TOOL_UNKNOWN'],
    ['a tool of another agent', { name: 'http_post', arguments: { url: 'http://x', body: 'y' } }, 'TOOL_UNKNOWN'],
    ['a tool that no rule permits', { name: 'forbidden', arguments: { url: 'http://x' } }, 'TOOL_DENIED'],
  ] as const)('with %s is refused, and the model reads why', async (_what, call, code) => {
    const { response, archived } = await outcome(simScript([{ tools: [call] }, { text: 'It said: {{result:0}}' }]));
    expect(refusedCalls(archived)).toMatchObject([{ tool: call.name, error: { code } }]);
    expect(failedCalls(archived)).toEqual([]);
    expect(response).toMatchObject({ status: 'completed' });
    expect(response.output_text).toContain(code);
    expect(extensionOf(response).tool_calls).toBe(0);
  });

  it.concurrent.each([
    ['50 MB from a server', 'fetch', '/flood', 'TOOL_OUTPUT_TOO_LARGE'],
    ['a server that cuts its answer', 'fetch', '/cut', 'TOOL_FAILED'],
    ['a server that hangs', 'impatient', '/hang', 'TOOL_TIMEOUT'],
  ])('that gets %s fails by its code', async (_what, tool, path, code) => {
    const { response, archived } = await outcome(callThenQuote(tool, { url: `${server.url}${path}` }));
    expect(new Set(failedCalls(archived))).toEqual(new Set([code]));
    expect(response.status).toBe('completed');
    expect(response.output_text).toContain(code);
  });

  it.concurrent('to a host that is not listed, or to a closed port, does not get there', async () => {
    const [unlisted, closed] = await Promise.all([
      outcome(callThenQuote('fetch', { url: 'http://169.254.169.254/latest/meta-data' })),
      outcome(callThenQuote('fetch', { url: 'ftp://127.0.0.1/' })),
    ]);
    for (const { archived } of [unlisted, closed]) expect(failedCalls(archived)).toEqual(['TOOL_DENIED']);
  });

  it.concurrent.each([
    ['/broken', 'out of order'],
    ['/away', '"status":302'],
    ['/', 'pong'],
  ])('to %s gets what the server says', async (path, text) => {
    const { response, archived } = await outcome(callThenQuote('fetch', { url: `${server.url}${path}` }));
    expect(failedCalls(archived)).toEqual([]);
    expect(response.output_text).toContain(text);
  });

  it.concurrent('may bring bytes that are no text', async () => {
    const { response, archived } = await outcome(callThenQuote('fetch', { url: `${server.url}/binary` }));
    expect(failedCalls(archived)).toEqual([]);
    expect(response.status).toBe('completed');
  });

  it('of an unsafe tool whose outcome is unknown asks a person, and goes on with the answer', async () => {
    const client = await mesh.client();
    const handle = await client.run({
      agent: 'tester',
      input: callThenQuote('send', { url: `${server.url}/hang`, method: 'POST' }),
    });
    const waiting = await handle.result();
    expect(waiting).toMatchObject({ status: 'waiting', question: { choices: ['retry', 'result', 'fail'] } });
    await client.answer(handle.runId, waiting.question!.questionId, 'result', 'It had arrived.');
    const ended = await waitFor(
      async () => {
        const view = await handle.status();
        return view.endedAt !== null && view;
      },
      { what: 'the answered run to end' },
    );
    expect(ended).toMatchObject({ status: 'completed', output: 'The tool said: It had arrived.' });
    await client.close();
  });
});

describe('a program', () => {
  it.concurrent.each([
    [
      'prints 50 MB',
      'program',
      `import sys\nfor n in range(50): sys.stdout.write("x" * ${MiB})`,
      'TOOL_OUTPUT_TOO_LARGE',
    ],
    ['never ends', 'slow', 'import time\ntime.sleep(60)', 'TOOL_TIMEOUT'],
    ['burns processor time', 'busy', 'while True: pass', 'TOOL_LIMIT'],
    ['takes too much memory', 'greedy', 'b = bytearray(512 * 1024 * 1024)\nprint(len(b))', 'TOOL_LIMIT'],
    ['is a fork bomb', 'crowd', 'import os\nwhile True: os.fork()', 'TOOL_'],
    ['ends badly', 'program', 'raise SystemExit("I give up")', 'TOOL_FAILED'],
    ['is no program', 'program', ')(', 'TOOL_FAILED'],
    ['kills itself', 'program', 'import os\nos.kill(os.getpid(), 9)', 'TOOL_'],
    [
      'looks for the network',
      'program',
      `import urllib.request\nurllib.request.urlopen("http://127.0.0.1:80")`,
      'TOOL_FAILED',
    ],
  ])('that %s is stopped or fails by its code', async (_what, tool, code, expected) => {
    const { response, archived } = await outcome(callThenQuote(tool, { code }));
    expect(failedCalls(archived).length).toBeGreaterThan(0);
    for (const failed of failedCalls(archived)) expect(failed).toContain(expected);
    expect(response.status).toBe('completed');
    expect(response.output_text).toContain(expected);
  });

  it.concurrent('may print bytes that are no text, and nothing at all', async () => {
    const bytes = await outcome(
      callThenQuote('program', { code: 'import sys\nsys.stdout.buffer.write(bytes(range(256)))' }),
    );
    expect(failedCalls(bytes.archived)).toEqual([]);
    const nothing = await outcome(callThenQuote('script', { code: '' }));
    expect(nothing.response.output_text).toBe('The tool said: ');
  });
});

describe('the limit of', () => {
  const twice: SimStep[] = [{ tools: [{ name: 'program', arguments: { code: 'print(1)' } }] }, { text: 'Done.' }];
  it.concurrent.each([
    ['steps', twice, { stepsMax: 1 }, 'LIMIT_STEPS'],
    ['tool calls', twice, { toolCallsMax: 0 }, 'LIMIT_TOOL_CALLS'],
    ['tokens', [{ text: 'Done.' }], { tokensMax: 5 }, 'LIMIT_TOKENS'],
    ['money', [{ text: 'Done.' }], { costNanoUsdMax: 1 }, 'LIMIT_COST'],
    ['wall time', [{ hang: true as const }], { wallMsMax: 300 }, 'LIMIT_WALL_TIME'],
  ])('%s ends the run by its code', async (_what, steps, limits, code) => {
    const { response } = await outcome(simScript(steps), { limits });
    expect(response).toMatchObject({ status: 'failed', error: { code } });
  });
});

describe('after all of this', () => {
  it('the mesh answers, every service is the same process, and no run hangs', async () => {
    const { response } = await outcome(callThenQuote('program', { code: 'print("still here")' }));
    expect(response.output_text).toContain('still here');
    expect(mesh.pids()).toEqual(pids);
  });
});
