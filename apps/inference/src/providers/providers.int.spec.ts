import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MeshError } from '@signalbox/kernel';
import { deadline } from '@signalbox/resilience';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OpenAiCompatibleProvider } from './adapters/openai-compatible.provider.js';
import type { ProviderAnswer, ProviderCall } from './provider.port.js';
import { ProvidersService, type ProviderLimits, type ProviderTry, verdict } from './providers.service.js';
import { type RunningSimulator, runSimulator } from '../running-apps.fixture.js';

let simulator: RunningSimulator;
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => void (simulator = await runSimulator()));
afterEach(async () => void (await Promise.all(closing.splice(0).map((close) => close()))));
afterAll(() => simulator.stop());

const limits: ProviderLimits = {
  attemptsMax: 1,
  retryBaseMs: 1,
  retryCapMs: 2_000,
  breakerWindowMs: 10_000,
  breakerVolumeMin: 10,
  breakerErrorPercent: 50,
  breakerResetMs: 100,
};

function provider(
  url: string = simulator.url,
  overrides: Partial<ConstructorParameters<typeof OpenAiCompatibleProvider>[0]> = {},
) {
  const made = new OpenAiCompatibleProvider({
    name: 'default',
    url,
    connectionsMax: 16,
    connectTimeoutMs: 1_000,
    firstByteTimeoutMs: 2_000,
    idleTimeoutMs: 2_000,
    answerBytesMax: 4_194_304,
    ...overrides,
  });
  closing.push(() => made.close());
  return made;
}

function service(overrides: Partial<ProviderLimits> = {}, one = provider()): ProvidersService {
  const made = new ProvidersService([one], { ...limits, ...overrides });
  closing.push(() => made.close());
  return made;
}

let calls = 0;
function call(steps: unknown[] | string, overrides: Partial<ProviderCall> = {}): ProviderCall {
  const content = typeof steps === 'string' ? steps : `#sim ${JSON.stringify({ steps })}`;
  return {
    upstream: 'signalbox-simulation',
    messages: [{ role: 'user', content }],
    tools: [],
    outputTokensMax: 10_000,
    callRef: `run_${++calls}:0:0`,
    signal: new AbortController().signal,
    ...overrides,
  };
}

const modes: [string, { onText?: (text: string) => void }][] = [
  ['plain', {}],
  ['streamed', { onText: () => undefined }],
];

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

describe('OpenAiCompatibleProvider against the simulation', () => {
  it('gives the same answer streamed and plain: text, calls, finish and usage', async () => {
    const step = {
      text: 'Grüße, [PERSON_1] 👋',
      tools: [
        { name: 'run', arguments: { code: 'x'.repeat(300) } },
        { name: 'other', raw: 'not json' },
      ],
    };
    const one = provider();
    const plain = await one.complete(call([step]));
    const pieces: string[] = [];
    const streamed = await one.complete(call([step], { onText: (text) => pieces.push(text) }));
    expect(streamed).toEqual(plain);
    expect(pieces.join('')).toBe(plain.content);
    expect(pieces.length).toBeGreaterThan(1);
    expect(plain).toMatchObject({
      content: step.text,
      finish: 'tool_calls',
      simulated: true,
      toolCalls: [{ name: 'run' }, { name: 'other', arguments: 'not json' }],
    });
  });

  it('says when there was no usage', async () => {
    for (const [, mode] of modes)
      expect((await provider().complete(call([{ text: 'x', usage: false }], mode))).usage).toBeNull();
  });

  it('sends tools and the calls and answers so far', async () => {
    const tools = [
      {
        name: 'run_python',
        description: 'runs',
        parameters: { type: 'object', properties: { code: { type: 'string' } } },
      },
    ];
    const question = { role: 'user', content: 'Sum up a.csv' } as const;
    const first = await provider().complete(call('', { messages: [question], tools }));
    expect(first.toolCalls).toMatchObject([{ name: 'run_python', arguments: expect.stringContaining('/data/a.csv') }]);
    const answered = await provider().complete(
      call('', {
        messages: [
          question,
          { role: 'assistant', content: '', toolCalls: [{ id: 'call_0_0', ...first.toolCalls[0]! }] },
          { role: 'tool', content: '{"file":"a.csv","columns":["n"],"rows":2,"numeric":{}}', toolCallId: 'call_0_0' },
        ],
        tools,
      }),
    );
    expect(answered).toMatchObject({
      content: expect.stringContaining('a.csv has 2 rows'),
      toolCalls: [],
      finish: 'stop',
    });
  });

  const faults: [string, unknown, string][] = [
    ['cut', { cut: true, text: 'one two three four five' }, 'PROVIDER_CUT'],
    ['garbage', { garbage: true, text: 'one two three four five' }, 'PROVIDER_GARBAGE'],
    ['rate limit', { fail: 429, retryAfterS: 3 }, 'PROVIDER_RATE_LIMITED'],
    ['refusal', { fail: 400 }, 'PROVIDER_REJECTED'],
    ['wrong key', { fail: 401 }, 'PROVIDER_REJECTED'],
    ['server error', { fail: 500 }, 'PROVIDER_UNAVAILABLE'],
    ['overload', { fail: 503 }, 'PROVIDER_UNAVAILABLE'],
    ['gateway timeout', { fail: 504 }, 'PROVIDER_TIMEOUT'],
    ['hang midway', { hang: 'midway', text: 'one two three four five' }, 'PROVIDER_TIMEOUT'],
  ];
  it.each(faults.flatMap(([name, step, code]) => modes.map(([how, mode]) => [name, how, step, code, mode] as const)))(
    'tells a %s, %s',
    async (_name, _how, step, code, mode) => {
      const one = provider(simulator.url, { idleTimeoutMs: 100 });
      await expect(one.complete(call([step], mode))).rejects.toMatchObject({ code });
    },
  );

  it('tells a hang before the first byte: by its own limit when streamed, by the deadline when plain', async () => {
    const one = provider(simulator.url, { firstByteTimeoutMs: 100 });
    await expect(one.complete(call([{ hang: true }], { onText: () => undefined }))).rejects.toMatchObject({
      code: 'PROVIDER_TIMEOUT',
    });
    using late = deadline({ timeoutMs: 100, reason: () => new MeshError('PROVIDER_TIMEOUT', 'late') });
    await expect(one.complete(call([{ hang: true }], { signal: late.signal }))).rejects.toMatchObject({
      code: 'PROVIDER_TIMEOUT',
    });
  });

  it('tells a stream that ends properly before its answer does', async () => {
    const step = { cut: 'clean', text: 'one two three four five' };
    await expect(provider().complete(call([step], { onText: () => undefined }))).rejects.toMatchObject({
      code: 'PROVIDER_CUT',
    });
  });

  it('passes on when to come back', async () => {
    await expect(provider().complete(call([{ fail: 429, retryAfterS: 3 }]))).rejects.toMatchObject({
      details: { retryAfterMs: 3_000 },
    });
  });

  it('takes no more than so many bytes', async () => {
    const one = provider(simulator.url, { answerBytesMax: 10_000 });
    for (const [, mode] of modes) {
      await expect(one.complete(call([{ text: 'word ', repeat: 5_000 }], mode))).rejects.toMatchObject({
        code: 'PROVIDER_GARBAGE',
      });
    }
  });

  it('ends the call at the provider when it is aborted, with the reason of the abort', async () => {
    for (const [, mode] of modes) {
      const controller = new AbortController();
      const hanging = provider().complete(call([{ hang: true }], { signal: controller.signal, ...mode }));
      await expect.poll(async () => (await simulator.stats()).running).toBe(1);
      controller.abort(new MeshError('RUN_CANCELLED', 'stop'));
      await expect(hanging).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
      await expect.poll(async () => (await simulator.stats()).running).toBe(0);
    }
  });
});

describe('OpenAiCompatibleProvider against servers that misbehave', () => {
  it('does not follow redirects', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(307, { location: `${simulator.url}/chat/completions` }).end(),
    );
    await expect(provider(url).complete(call([{ text: 'x' }]))).rejects.toMatchObject({
      code: 'PROVIDER_REJECTED',
      details: { status: 307 },
    });
  });

  it('keeps what a provider wrote out of its errors, but for a word', async () => {
    const body = JSON.stringify({
      error: { message: 'Bad text: ada@example.org', code: 'context_length_exceeded', param: 'ada@example.org' },
    });
    const url = await serve((_request, response) =>
      response.writeHead(400, { 'content-type': 'application/json' }).end(body),
    );
    const error: unknown = await provider(url)
      .complete(call([{}]))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PROVIDER_REJECTED', details: { providerCode: 'context_length_exceeded' } });
    expect(JSON.stringify([error, (error as Error).message])).not.toContain('ada');
  });

  it('takes a plain answer where it asked for a stream', async () => {
    const frame = { choices: [{ message: { role: 'assistant', content: 'plain' }, finish_reason: 'stop' }] };
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(frame)),
    );
    const pieces: string[] = [];
    const answer = await provider(url).complete(call([{}], { onText: (text) => pieces.push(text) }));
    expect([answer.content, pieces, answer.simulated]).toEqual(['plain', ['plain'], false]);
  });

  it('sends its key, and the reference of the call', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization, request.headers['x-signalbox-call'], request.url);
      response.writeHead(500).end();
    });
    await expect(
      provider(`${url}/`, { key: 'secret' }).complete(call([{}], { callRef: 'run_x:1:2' })),
    ).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect(seen).toEqual(['Bearer secret', 'run_x:1:2', '/v1/chat/completions']);
  });

  it('tells a server that is not there, or does not speak HTTP', async () => {
    const url = await serve((request) => request.socket.end('SSH-2.0-nothing\r\n'));
    await expect(provider(url).complete(call([{}]))).rejects.toMatchObject({ code: 'PROVIDER_GARBAGE' });
    await Promise.all(closing.splice(0).map((close) => close()));
    await expect(provider(url).complete(call([{}]))).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });
});

describe('ProvidersService', () => {
  const options = (tries: ProviderTry[] = [], mayRetry = true) => ({ tries, mayRetry: () => mayRetry });

  it('tries again and keeps what was tried', async () => {
    const tries: ProviderTry[] = [];
    const answer: ProviderAnswer = await service({ attemptsMax: 3 }).complete(
      'default',
      call([{ fail: 503, failTimes: 2, text: 'now' }]),
      options(tries),
    );
    expect(answer.content).toBe('now');
    expect(tries.map(({ error }) => error?.code)).toEqual(['PROVIDER_UNAVAILABLE', 'PROVIDER_UNAVAILABLE', undefined]);
  });

  it('does not try again what was refused, nor once something is out, nor when asked to wait too long', async () => {
    const made = service({ attemptsMax: 3 });
    for (const [step, mayRetry] of [
      [{ fail: 400 }, true],
      [{ fail: 503 }, false],
      [{ fail: 429, retryAfterS: 60 }, true],
    ] as const) {
      const tries: ProviderTry[] = [];
      await expect(made.complete('default', call([step]), options(tries, mayRetry))).rejects.toBeInstanceOf(MeshError);
      expect(tries).toHaveLength(1);
    }
  });

  it('knows its providers', async () => {
    await expect(service().complete('other', call([{}]), options())).rejects.toMatchObject({
      code: 'PROVIDER_REJECTED',
    });
  });

  it('opens its breaker on an ill provider, asks nothing while open, and closes after a good try', async () => {
    const made = service();
    for (let n = 0; n < 10; n++)
      await made.complete('default', call([{ fail: 503 }]), options()).catch(() => undefined);
    expect(made.state('default')).toBe('open');
    const before = (await simulator.stats()).requests;
    await expect(made.complete('default', call([{ text: 'x' }]), options())).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      details: { breaker: 'open' },
    });
    expect((await simulator.stats()).requests).toBe(before);
    await expect.poll(() => made.state('default')).toBe('half-open');
    await made.complete('default', call([{ text: 'x' }]), options());
    expect(made.state('default')).toBe('closed');
  });

  it('counts streams by how they end, and callers that err or leave not at all', async () => {
    const made = service();
    for (let n = 0; n < 12; n++) {
      await made.complete('default', call([{ fail: 400 }]), options()).catch(() => undefined);
      const left = AbortSignal.abort(new MeshError('RUN_CANCELLED', 'left'));
      await made.complete('default', call([{}], { signal: left }), options()).catch(() => undefined);
    }
    expect(made.state('default')).toBe('closed');
    const late = (timeoutMs: number): MeshError =>
      new MeshError('PROVIDER_TIMEOUT', 'late', { details: { timeoutMs } });
    expect(verdict(late(100))).toBe('unknown');
    expect(verdict(late(30_000))).toBe('failure');
    const cut = { cut: true, text: 'one two three four five' };
    const ill = service();
    for (let n = 0; n < 10; n++)
      await ill.complete('default', call([cut], { onText: () => undefined }), options()).catch(() => undefined);
    expect(ill.state('default')).toBe('open');
  });
});
