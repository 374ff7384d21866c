import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { RunView, WatchEvent } from '../mesh/mesh.port.js';
import { queuedView } from './response-object.js';
import { ResponseStream } from './response-stream.js';
import { SseWriter } from './sse-writer.js';

const RUN = `run_00_${'0'.repeat(26)}`;
const queued = queuedView(RUN, 'analyst', 0);

interface Sent {
  type: string;
  sequence_number: number;
  item?: { status: string; content: { text: string }[] };
  delta?: string;
  response?: { status: string; output: { id: string; content: { text: string }[] }[] };
}

const delta = (step: number, attempt: number, text: string): WatchEvent => ({ type: 'delta', step, attempt, text });
const end = (view: Partial<RunView>): WatchEvent => ({
  type: 'end',
  view: { ...queued, status: 'completed', ...view },
});

/** What a client hears of these events. */
async function heard(...events: WatchEvent[]): Promise<Sent[]> {
  const server = createServer((_request, response) => {
    const sse = new SseWriter(response);
    const stream = new ResponseStream(sse, queued);
    void (async () => {
      await stream.begin();
      for (const event of events) await stream.take(event);
      sse.end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const text = await answer.text();
  server.close();
  return text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6)) as Sent] : []));
}

const itemsOf = (sent: Sent[]): [string, string][] =>
  sent.flatMap(({ type, item }): [string, string][] =>
    type === 'response.output_item.done' ? [[item!.status, item!.content[0]!.text]] : [],
  );
const answerOf = (sent: Sent[]): string[] => sent.at(-1)!.response!.output.map(({ content }) => content[0]!.text);

describe('a streamed run', () => {
  it('numbers its events and puts its words together', async () => {
    const sent = await heard(delta(0, 1, 'Hel'), delta(0, 1, 'lo.'), end({ output: 'Hello.' }));
    expect(sent.map((event) => event.sequence_number)).toEqual(sent.map((_, index) => index));
    expect(itemsOf(sent)).toEqual([['completed', 'Hello.']]);
    expect(answerOf(sent)).toEqual(['Hello.']);
  });

  it('whose deltas were missed still says everything, once', async () => {
    expect(itemsOf(await heard(end({ output: 'Hello.' })))).toEqual([['completed', 'Hello.']]);
    const late = await heard(delta(0, 1, 'Hel'), end({ output: 'Hello.' }));
    expect(itemsOf(late)).toEqual([['completed', 'Hello.']]);
  });

  it('counts what an earlier step said as said, and answers with the last alone', async () => {
    const sent = await heard(delta(0, 1, 'I look.'), delta(1, 1, 'It is 4.'), end({ output: 'It is 4.' }));
    expect(itemsOf(sent)).toEqual([
      ['completed', 'I look.'],
      ['completed', 'It is 4.'],
    ]);
    expect(answerOf(sent)).toEqual(['It is 4.']);
  });

  it('leaves an attempt that broke off incomplete', async () => {
    const sent = await heard(delta(0, 1, 'one tw'), delta(0, 2, 'one two'), end({ output: 'one two' }));
    expect(itemsOf(sent)).toEqual([
      ['incomplete', 'one tw'],
      ['completed', 'one two'],
    ]);
    expect(answerOf(sent)).toEqual(['one two']);
  });

  it('says it all again where what was heard is not the answer', async () => {
    const sent = await heard(delta(0, 1, 'gap'), end({ output: 'No gap.' }));
    expect(itemsOf(sent)).toEqual([
      ['incomplete', 'gap'],
      ['completed', 'No gap.'],
    ]);
    expect(answerOf(sent)).toEqual(['No gap.']);
  });

  it('that fails ends with the code and no answer', async () => {
    const error = { code: 'LIMIT_STEPS', message: 'Too many.' } as const;
    const sent = await heard(delta(0, 1, 'half'), end({ status: 'failed', error }));
    expect(itemsOf(sent)).toEqual([['incomplete', 'half']]);
    expect(sent.at(-1)).toMatchObject({ type: 'response.failed', response: { status: 'failed', error, output: [] } });
  });
});
