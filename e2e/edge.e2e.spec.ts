import { waitFor } from '@signalbox/testing';
import { APIError, type OpenAI, NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, codeTool, permit } from './support/definitions.ts';
import { E2eMesh, extensionOf, TENANT, withOurs } from './support/mesh.ts';
import { callThenQuote, simScript } from './support/sim.ts';

type StreamEvent = OpenAI.Responses.ResponseStreamEvent;

const PERSON = 'Anna Berg';
const EMAIL = 'anna.berg@example.com';
const CARD = '4111 1111 1111 1111';
const OTHER_TENANT = 'rival';

let mesh: E2eMesh;
let openai: OpenAI;

beforeAll(async () => {
  mesh = await E2eMesh.start('edge', { tenants: [TENANT, OTHER_TENANT] });
  openai = mesh.openai();
  await mesh.define({
    tools: [codeTool('compute', 'python')],
    agents: [agent('helper', { tools: ['compute'] }), agent('secret-agent')],
    rules: [permit('helper-computes', ['helper'], ['compute'])],
  });
});

afterAll(() => mesh?.stop());

async function eventsOf(stream: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

const deltasOf = (events: StreamEvent[]): string =>
  events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');

function errorOf(promise: Promise<unknown>): Promise<APIError> {
  return promise.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => (error instanceof APIError ? error : Promise.reject(error)),
  );
}

describe('a plain answer', () => {
  it('is a Response object as OpenAI has it, with the person’s own data back in place', async () => {
    const text = `Dear ${PERSON}, I wrote to ${EMAIL} and charged ${CARD}.`;
    const request = { model: 'helper', input: simScript([{ text }], `I am ${PERSON}, ${EMAIL}.`) };
    const response = await openai.responses.create(withOurs(request, { profile: { names: [PERSON] } }));
    expect(response).toMatchObject({ object: 'response', status: 'completed', model: 'helper', error: null });
    expect(response.id).toMatch(/^resp_/);
    expect(response.output_text).toBe(text);
    expect(response.usage!.total_tokens).toBe(response.usage!.input_tokens + response.usage!.output_tokens);
    expect(response.usage!.output_tokens).toBeGreaterThan(0);
    const ours = extensionOf(response);
    expect(ours).toMatchObject({ simulated: true, redactions: { PERSON: 1, EMAIL: 1, CARD: 1 } });
    expect(ours.cost_nano_usd).toBeGreaterThan(0);
  });

  it('holds what a tool computed, and reads the same when it is retrieved', async () => {
    const input = callThenQuote('compute', { code: 'print(6 * 7)' });
    const response = await openai.responses.create({ model: 'helper', input });
    expect(response.output_text).toBe('The tool said: 42\n');
    expect(extensionOf(response)).toMatchObject({ tool_calls: 1, denied: 0 });
    const again = await openai.responses.retrieve(response.id);
    expect(again.output_text).toBe(response.output_text);
    expect(again.status).toBe('completed');
  });

  it('takes messages, parts and instructions', async () => {
    const response = await openai.responses.create({
      model: 'helper',
      instructions: 'Be short.',
      input: [
        { role: 'user', content: 'Hello.' },
        { role: 'assistant', content: 'Hello. What may I do?' },
        { role: 'user', content: [{ type: 'input_text', text: simScript([{ text: 'Well done.' }]) }] },
      ],
    });
    expect(response.output_text).toBe('Well done.');
  });

  it('restores what the provider itself brought in', async () => {
    const input = simScript([{ text: 'Ask {{invent:email}} or pay to {{invent:iban}}.' }]);
    const response = await openai.responses.create({ model: 'helper', input });
    expect(response.output_text).toBe('Ask nora.lind@example.org or pay to GB82 WEST 1234 5698 7654 32.');
  });
});

describe('a streamed answer', () => {
  it('has OpenAI’s events in order, numbered, and its deltas are the answer with the person’s data', async () => {
    const text = `Dear ${PERSON}, I wrote to ${EMAIL}. `;
    const input = simScript([{ text, repeat: 20 }], `I am ${PERSON}.`);
    const request = { model: 'helper', input, stream: true as const };
    const events = await eventsOf(await openai.responses.create(withOurs(request, { profile: { names: [PERSON] } })));
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    const types = events.map((event) => event.type).filter((type, index, all) => type !== all[index - 1]);
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const last = events.at(-1);
    if (last?.type !== 'response.completed') return expect.fail('it did not complete');
    expect(deltasOf(events)).toBe(text.repeat(20));
    expect(events.filter((event) => event.type === 'response.output_text.delta').length).toBeGreaterThan(1);
    expect(last.response.output).toMatchObject([{ status: 'completed', content: [{ text: text.repeat(20) }] }]);
    expect((await openai.responses.retrieve(last.response.id)).output_text).toBe(text.repeat(20));
  });

  it('closes what is said before a tool call as an item of its own; the end holds the answer alone', async () => {
    const steps = [
      { text: 'I compute it.', tools: [{ name: 'compute', arguments: { code: 'print(2 + 2)' } }] },
      { text: 'It is {{result:0}}' },
    ];
    const events = await eventsOf(
      await openai.responses.create({ model: 'helper', input: simScript(steps), stream: true }),
    );
    const items = events.flatMap((event) => (event.type === 'response.output_item.done' ? [event.item] : []));
    expect(items).toMatchObject([
      { status: 'completed', content: [{ text: 'I compute it.' }] },
      { status: 'completed', content: [{ text: 'It is 4\n' }] },
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { output: [items[1]] } });
  });

  it.each([
    ['before its words were sent', 'one two three four', []],
    // So much text at once is sent without waiting for more.
    ['after its words were sent', `${'long'.repeat(100)} two three four`, ['incomplete']],
  ])('takes no word back when an attempt broke off %s', async (_when, text, before) => {
    const input = simScript([{ text, cut: true, failTimes: 1 }]);
    const events = await eventsOf(await openai.responses.create({ model: 'helper', input, stream: true }));
    const items = events.flatMap((event) => (event.type === 'response.output_item.done' ? [event.item] : []));
    expect(items).toMatchObject([...before, 'completed'].map((status) => ({ status })));
    const answer = { status: 'completed', content: [{ text }] };
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { output: [answer] } });
  });

  it('works with the stream helper of the stock client', async () => {
    const stream = openai.responses.stream({ model: 'helper', input: simScript([{ text: 'As one text.' }]) });
    const final = await stream.finalResponse();
    expect(final.output_text).toBe('As one text.');
  });

  it('ends with response.failed and the code when the run fails', async () => {
    const events = await eventsOf(
      await openai.responses.create({ model: 'helper', input: simScript([{ fail: 400 }]), stream: true }),
    );
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'PROVIDER_REJECTED' } },
    });
  });

  it('lets the run complete when the caller goes away in the middle', async () => {
    const input = simScript([{ text: 'word '.repeat(40), wordDelayMs: 10 }]);
    const stream = await openai.responses.create({ model: 'helper', input, stream: true });
    let id = '';
    for await (const event of stream) {
      if (event.type === 'response.created') id = event.response.id;
      if (event.type === 'response.output_text.delta') break;
    }
    const ended = await waitFor(
      async () => {
        const response = await openai.responses.retrieve(id);
        return response.status === 'completed' && response;
      },
      { timeoutMs: 60_000, what: 'the abandoned run to complete' },
    );
    expect(ended.output_text).toBe('word '.repeat(40));
  });
});

describe('a run in the background', () => {
  it('can be retrieved at once and polled to its end', async () => {
    const input = simScript([{ text: 'In my own time.', delayMs: 200 }]);
    const queued = await openai.responses.create({ model: 'helper', input, background: true });
    expect(['queued', 'in_progress']).toContain(queued.status);
    const first = await openai.responses.retrieve(queued.id);
    expect(first.id).toBe(queued.id);
    const ended = await waitFor(
      async () => {
        const response = await openai.responses.retrieve(queued.id);
        return response.status === 'completed' && response;
      },
      { what: 'the run to complete' },
    );
    expect(ended.output_text).toBe('In my own time.');
  });

  it('is cancelled on request, within the call', async () => {
    const { id } = await openai.responses.create({
      model: 'helper',
      input: simScript([{ hang: true }]),
      background: true,
    });
    const cancelled = await openai.responses.cancel(id);
    expect(cancelled).toMatchObject({ id, status: 'cancelled' });
    expect((await openai.responses.retrieve(id)).status).toBe('cancelled');
    // Once it has ended, a cancel changes nothing.
    expect((await openai.responses.cancel(id)).status).toBe('cancelled');
  });

  it('a streamed run that is cancelled ends its stream', async () => {
    const stream = await openai.responses.create({
      model: 'helper',
      input: simScript([{ text: 'never said', hang: 'midway' }]),
      stream: true,
    });
    const events: StreamEvent[] = [];
    let cancelling: Promise<unknown> | undefined;
    for await (const event of stream) {
      events.push(event);
      if (event.type === 'response.created') {
        const { id } = event.response;
        cancelling = waitFor(() => openai.responses.cancel(id), { what: 'the cancel to be taken' });
      }
    }
    await cancelling;
    expect(events.at(-1)).toMatchObject({ response: { status: 'cancelled' } });
  });
});

describe('conversations', () => {
  it('remember the request before under the same conversation, in order', async () => {
    const conversation = 'two-questions';
    const first = simScript([{ text: 'I shall remember.' }], 'Remember that.');
    await openai.responses.create({ model: 'helper', input: first, conversation });
    const second = await openai.responses.create({ model: 'helper', input: 'What was it?', conversation });
    const alone = await openai.responses.create({ model: 'helper', input: 'What was it?' });
    expect(second.usage!.input_tokens).toBeGreaterThan(alone.usage!.input_tokens);
    const { entries } = await mesh.admin.archived(TENANT, extensionOf(second).run_id);
    const loaded = entries.find(({ kind }) => kind === 'session.loaded.v1');
    expect(loaded?.body['messages']).toMatchObject([{ role: 'user' }, { content: 'I shall remember.' }]);
  });

  it('go on from previous_response_id', async () => {
    const first = await openai.responses.create({ model: 'helper', input: simScript([{ text: 'First.' }]) });
    const second = await openai.responses.create({
      model: 'helper',
      input: 'And then?',
      previous_response_id: first.id,
    });
    const { entries } = await mesh.admin.archived(TENANT, extensionOf(second).run_id);
    const loaded = entries.find(({ kind }) => kind === 'session.loaded.v1');
    expect(loaded?.body['messages']).toMatchObject([{ role: 'user' }, { role: 'assistant', content: 'First.' }]);
    // The first had nothing to go on from, and asked for nothing.
    const begun = await mesh.admin.archived(TENANT, extensionOf(first).run_id);
    expect(begun.entries.map(({ kind }) => kind)).not.toContain('session.loaded.v1');
  });

  it('refuse a previous response that does not exist', async () => {
    const error = await errorOf(
      openai.responses.create({
        model: 'helper',
        input: 'And then?',
        previous_response_id: 'resp_00_01hq0000000000000000000000',
      }),
    );
    expect(error).toMatchObject({ status: 404, code: 'RUN_UNKNOWN' });
  });
});

describe('an idempotency key', () => {
  it('gives the same run, streamed or not, and calls the model once', async () => {
    const input = simScript([{ text: 'Only once.' }]);
    const options = { headers: { 'Idempotency-Key': 'order-17' } };
    const [first, twin] = await Promise.all([
      openai.responses.create({ model: 'helper', input }, options),
      openai.responses.create({ model: 'helper', input }, options),
    ]);
    const events = await eventsOf(await openai.responses.create({ model: 'helper', input, stream: true }, options));
    expect(twin.id).toBe(first.id);
    expect(events.at(-1)).toMatchObject({ response: { id: first.id } });
    expect(deltasOf(events)).toBe('Only once.');
    const { entries } = await mesh.admin.archived(TENANT, extensionOf(first).run_id);
    expect(entries.filter(({ kind }) => kind === 'model.completed.v1')).toHaveLength(1);
  });

  it('refuses another request under it', async () => {
    const options = { headers: { 'Idempotency-Key': 'order-19' } };
    const input = simScript([{ text: 'As ordered.' }]);
    const first = await openai.responses.create({ model: 'helper', input }, options);
    const others = [{ input: 'Something else.' }, { input, conversation: 'another-place' }];
    for (const other of others) {
      const error = await errorOf(openai.responses.create({ model: 'helper', ...other }, options));
      expect(error).toMatchObject({ status: 422, code: 'IDEMPOTENCY_MISMATCH' });
    }
    const again = await openai.responses.create({ model: 'helper', input }, options);
    expect(again).toMatchObject({ id: first.id, output_text: 'As ordered.' });
  });

  it('is each user’s own', async () => {
    const { key } = await mesh.admin.createKey(TENANT, 'user-of-the-same-order');
    const other = mesh.openai(key);
    await waitFor(() => other.models.list(), { what: 'the new key to be in force' });
    const options = { headers: { 'Idempotency-Key': 'order-18' } };
    const mine = await openai.responses.create({ model: 'helper', input: simScript([{ text: 'Mine.' }]) }, options);
    const theirs = await other.responses.create({ model: 'helper', input: simScript([{ text: 'Theirs.' }]) }, options);
    expect(theirs.id).not.toBe(mine.id);
    expect([mine.output_text, theirs.output_text]).toEqual(['Mine.', 'Theirs.']);
  });
});

describe('models', () => {
  it('are the agents that the key may start', async () => {
    const ids = (await openai.models.list()).data.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['analyst', 'helper', 'secret-agent']));
    expect(await openai.models.retrieve('helper')).toMatchObject({ id: 'helper', object: 'model', owned_by: TENANT });
    await expect(openai.models.retrieve('nobody')).rejects.toBeInstanceOf(NotFoundError);
  });

  it('an unknown agent is refused before anything is stored', async () => {
    const error = await errorOf(openai.responses.create({ model: 'nobody', input: 'Hello.' }));
    expect(error).toMatchObject({ status: 404, code: 'AGENT_UNKNOWN', param: 'model', type: 'invalid_request_error' });
  });
});

describe('other people', () => {
  it('of the same tenant see neither my runs nor the agents that are not theirs', async () => {
    const { key, id } = await mesh.admin.createKey(TENANT, 'second-user', ['helper']);
    const other = mesh.openai(key);
    const models = await waitFor(() => other.models.list(), { what: 'the new key to be in force' });
    expect(models.data.map((model) => model.id)).toEqual(['helper']);
    const mine = await openai.responses.create({ model: 'helper', input: simScript([{ text: 'Private.' }]) });
    for (const attempt of [
      () => other.responses.retrieve(mine.id),
      () => other.responses.cancel(mine.id),
      () => other.responses.create({ model: 'helper', input: 'Go on.', previous_response_id: mine.id }),
    ]) {
      expect(await errorOf(attempt())).toMatchObject({ status: 404, code: 'RUN_UNKNOWN' });
    }
    expect(await errorOf(other.responses.create({ model: 'secret-agent', input: 'Hello.' }))).toMatchObject({
      status: 404,
      code: 'AGENT_UNKNOWN',
    });
    await mesh.admin.removeKey(TENANT, id);
    const revoked = async (): Promise<boolean> => (await errorOf(other.models.list())).status === 401;
    await waitFor(revoked, { what: 'the revoked key to be refused' });
  });

  it('of the same tenant have conversations of their own under the same name', async () => {
    const { key } = await mesh.admin.createKey(TENANT, 'third-user');
    const other = mesh.openai(key);
    await waitFor(() => other.models.list(), { what: 'the new key to be in force' });
    const conversation = 'shared-name';
    await openai.responses.create({ model: 'helper', input: simScript([{ text: 'Mine.' }]), conversation });
    const theirs = await other.responses.create({ model: 'helper', input: 'What did I say?', conversation });
    const { entries } = await mesh.admin.archived(TENANT, extensionOf(theirs).run_id);
    expect(entries.find(({ kind }) => kind === 'session.loaded.v1')?.body['messages']).toEqual([]);
  });

  it('of another tenant see nothing', async () => {
    const rival = mesh.openai(mesh.key(OTHER_TENANT));
    const mine = await openai.responses.create({ model: 'helper', input: simScript([{ text: 'Private.' }]) });
    expect(await errorOf(rival.responses.retrieve(mine.id))).toMatchObject({ status: 404, code: 'RUN_UNKNOWN' });
    expect(await errorOf(rival.responses.cancel(mine.id))).toMatchObject({ status: 404, code: 'RUN_UNKNOWN' });
    expect((await rival.models.list()).data.map(({ id }) => id)).not.toContain('helper');
    expect(await errorOf(rival.responses.create({ model: 'helper', input: 'Hello.' }))).toMatchObject({ status: 404 });
  });
});
