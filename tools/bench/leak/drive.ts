import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectTenant } from '@signalbox/bus/provision';
import { SignalboxClient } from '@signalbox/client';
import { subjects } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { Stack } from '../../stack/options.ts';
import type { Conversation } from './conversation.ts';
import { AGENT } from './definitions.ts';

const ANSWER_MS = 120_000;
const STEP_MS = 60_000;

/** What became of a conversation. */
export interface Outcome {
  word: string;
  runIds: string[];
  /** What the person was told at the end. */
  answer: string;
}

interface Answered {
  status: number;
  runId: string;
  text: string;
}

/** Somebody who talks with the mesh, over HTTP and over NATS. */
export class Person {
  readonly #stack: Stack;
  readonly #tenant: string;
  readonly #client: SignalboxClient;
  readonly #raw: NatsConnection;
  readonly #key: string;

  private constructor(stack: Stack, tenant: string, client: SignalboxClient, raw: NatsConnection, key: string) {
    this.#stack = stack;
    this.#tenant = tenant;
    this.#client = client;
    this.#raw = raw;
    this.#key = key;
  }

  static async meet(stack: Stack, tenant: string): Promise<Person> {
    const secret = (file: string): string => readFileSync(join(stack.keysDir, 'cli', file), 'utf8').trim();
    const url = stack.urls['nats'] ?? '';
    const key = secret(`api-key-${tenant}.key`);
    const client = await SignalboxClient.connect({
      url,
      tenant,
      key,
      nkeySeed: secret(`tenant-${tenant}.nk`),
      timeoutMs: STEP_MS,
    });
    return new Person(stack, tenant, client, await connectTenant({ url, keysDir: stack.keysDir }, tenant), key);
  }

  async leave(): Promise<void> {
    await this.#client.close();
    await this.#raw.close();
  }

  async talk(one: Conversation): Promise<Outcome> {
    const outcome: Outcome = { word: one.word, runIds: [], answer: '' };
    if (one.kind === 'refused') await this.#sendWrong(one);
    else if (one.kind === 'intervene') outcome.runIds.push(await this.#intervene(one));
    else if (one.kind === 'answer') outcome.runIds.push(await this.#answerQuestion(one));
    else {
      const first = await this.#ask(one, one.input);
      outcome.runIds.push(first.runId);
      outcome.answer = first.text;
      if (one.kind === 'session') outcome.runIds.push((await this.#ask(one, one.said['again']!)).runId);
      if (one.kind === 'fork')
        outcome.runIds.push((await this.#ask({ ...one, stream: false }, one.said['input']!, first.runId)).runId);
    }
    return outcome;
  }

  async #ask(one: Conversation, input: string, forked?: string): Promise<Answered> {
    if (one.way === 'NATS') return this.#askNats(one, input, forked);
    const body = {
      model: AGENT,
      input,
      stream: one.stream,
      ...(one.instructions ? { instructions: one.instructions } : {}),
      ...(one.session ? { conversation: one.session } : {}),
      ...(one.metadata ? { metadata: one.metadata, user: one.metadata['ticket'] } : {}),
      signalbox: {
        ...(one.names ? { profile: { names: one.names } } : {}),
        ...(forked ? { fork: { runId: forked, step: 0, instructions: one.said['instructions'] } } : {}),
      },
    };
    const key: Record<string, string> = one.idempotencyKey ? { 'idempotency-key': one.idempotencyKey } : {};
    const answered = await this.#post('/v1/responses', body, key);
    // A secret may be refused, and must leave no trace either way.
    if (answered.status !== 200 && one.kind !== 'secret')
      throw new Error(`a request of case ${one.word} was answered with ${answered.status}`);
    return answered;
  }

  async #askNats(one: Conversation, input: string, forked?: string): Promise<Answered> {
    const handle = await this.#client.run({
      agent: AGENT,
      input: [
        ...(one.instructions ? [{ role: 'system' as const, content: one.instructions }] : []),
        { role: 'user', content: input },
      ],
      stream: one.stream,
      ...(one.session ? { session: one.session } : {}),
      ...(one.names ? { profile: { names: one.names } } : {}),
      ...(one.idempotencyKey ? { idempotencyKey: one.idempotencyKey } : {}),
      ...(forked ? { fork: { runId: forked, step: 0, instructions: one.said['instructions'] } } : {}),
    });
    const view = await handle.result();
    return { status: 200, runId: handle.runId, text: view.output ?? '' };
  }

  /** Everything that is said to a run while it goes on. */
  async #intervene({ input, said }: Conversation): Promise<string> {
    const { runId, ...handle } = await this.#begin(input);
    await this.#client.pause(runId, said['pause']);
    await this.#client.resume(runId, said['resume']);
    await this.#client.signal(runId, 'told', JSON.parse(said['signal']!));
    await this.#client.cancel(runId, said['cancel']);
    await handle.end();
    return runId;
  }

  async #answerQuestion({ input, said }: Conversation): Promise<string> {
    const { runId, ...handle } = await this.#begin(input);
    const asked = (): Promise<string | false> =>
      this.#client.status(runId).then(
        ({ question }) => question?.questionId ?? false,
        () => false,
      );
    const question = await waitFor(asked, { timeoutMs: STEP_MS, what: 'a question of the run' });
    await this.#client.answer(runId, question, 'result', said['result']);
    await handle.end();
    return runId;
  }

  async #begin(input: string): Promise<{ runId: string; end(): Promise<unknown> }> {
    const { runId } = await this.#client.run({ agent: AGENT, input });
    const ended = (): Promise<boolean> =>
      this.#client.status(runId).then(
        ({ endedAt }) => endedAt !== null,
        () => false,
      );
    return { runId, end: () => waitFor(ended, { timeoutMs: STEP_MS, what: 'the run to end' }) };
  }

  /** What nobody should send: it may be refused or thrown away, and still is somebody's data. */
  async #sendWrong({ said, input }: Conversation): Promise<void> {
    const { field = '', text = '', path = '', header = '', key = '' } = said;
    await this.#post('/v1/responses', { model: field, input: text });
    await this.#post('/v1/responses', {
      model: AGENT,
      input: [{ role: field, content: text }],
      conversation: { id: 7 },
    });
    await this.#post('/v1/responses', { model: 'nobody', input }, { 'x-request-id': header, 'user-agent': header });
    await this.#post('/v1/responses', { model: AGENT, input }, { authorization: `Bearer ${key}` });
    await fetch(
      `${this.#stack.urls['gateway']}/v1/responses/${encodeURIComponent(path)}?who=${encodeURIComponent(path)}`,
      { headers: { authorization: `Bearer ${this.#key}` } },
    );
    const keyDigest = createHash('sha256').update(this.#key).digest('hex');
    const head = headers();
    for (const name of ['ce-id', 'ce-type', 'Nats-Msg-Id', 'traceparent', 'x-who'])
      head.set(name, name === 'ce-type' ? 'run.request.v1' : `${randomUUID()} ${header}`);
    const subject = subjects.in(this.#tenant, 'run');
    for (const body of [
      { keyDigest, agent: field, input: text },
      { keyDigest, requestId: field, agent: 'nobody', input: [{ role: 'user', content: input }], stream: false },
      text,
    ])
      await this.#raw.request(subject, typeof body === 'string' ? body : JSON.stringify(body), {
        timeout: STEP_MS,
        headers: head,
      });
  }

  async #post(path: string, body: object, more: Record<string, string> = {}): Promise<Answered> {
    const response = await fetch(`${this.#stack.urls['gateway']}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json', ...more },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.text();
    return { status: response.status, runId: response.headers.get('x-request-id') ?? '', text: answerIn(text) };
  }
}

/** The text of a Response object, or of a stream of events. */
function answerIn(text: string): string {
  try {
    const { output } = JSON.parse(text) as { output?: { content: { text: string }[] }[] };
    return (output ?? []).flatMap(({ content }) => content.map((part) => part.text)).join('\n');
  } catch {
    const events = text.split('\n').filter((line) => line.startsWith('data: '));
    return events
      .map((line) => JSON.parse(line.slice(6)) as { type: string; delta?: string })
      .map(({ type, delta }) => (type === 'response.output_text.delta' ? (delta ?? '') : ''))
      .join('');
  }
}
