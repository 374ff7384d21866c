import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ServerResponse } from 'node:http';
import { loadConfig } from '@signalbox/kernel';
import { startRecogniser, type TestRecogniser } from '@signalbox/testing';
import type { Logger } from '@signalbox/telemetry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HttpRecogniser } from './http-recogniser.js';
import { recogniserConfig } from './recogniser-config.js';

const TEXT = 'Ask Zorblatt Qux about it.';
const NEVER_MS = 20_000;
let process: TestRecogniser;
const open: HttpRecogniser[] = [];
const warned: object[] = [];
const logger = { warn: (fields: object) => warned.push(fields) } as unknown as Logger;

beforeAll(async () => {
  process = await startRecogniser(['Zorblatt Qux']);
});
afterAll(() => process.stop());
beforeEach(() => {
  process.answer(undefined);
  process.asked.length = 0;
  warned.length = 0;
});
afterEach(() => Promise.all(open.splice(0).map((one) => one.close())));

function recogniser(change: Partial<ConstructorParameters<typeof HttpRecogniser>[0]> = {}): HttpRecogniser {
  const made = new HttpRecogniser({ url: process.url, deadlineMs: NEVER_MS, whenAway: 'refuse', logger, ...change });
  open.push(made);
  return made;
}

const answering = (found: unknown) => (_: string[], response: ServerResponse) =>
  void response.end(JSON.stringify({ found }));

describe('a recogniser of the operator', () => {
  it('is sent the texts of a request at once, and tells the values in them', async () => {
    const found = await recogniser().find(['', TEXT, 'Nothing.', ' ']);
    expect(found).toEqual([{ class: 'PERSON', value: 'Zorblatt Qux' }]);
    expect(process.asked).toEqual([[TEXT, 'Nothing.']]);
    expect(await recogniser().find([''])).toEqual([]);
    expect(process.asked).toHaveLength(1);
  });

  it('may listen on a port of this machine', async () => {
    const server = createServer((request, response) => {
      request.resume();
      response.end(JSON.stringify({ found: [[{ class: 'PERSON', start: 4, end: 12 }]] }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/find`;
    expect(await recogniser({ url }).find([TEXT])).toEqual([{ class: 'PERSON', value: 'Zorblatt' }]);
    server.close();
    server.closeAllConnections();
  });

  it('is not believed of classes that are none of ours, and of values that are none', async () => {
    process.answer(
      answering([
        [
          { class: 'WIZARD', start: 4, end: 12 },
          { class: 'X_CASE', start: 4, end: 12 },
          { class: 'UNSCANNED', start: 4, end: 12 },
          { class: 'PERSON', start: 3, end: 4 },
          { class: 'PERSON', start: 0, end: 400 },
        ],
      ]),
    );
    expect(await recogniser().find([`Ask Zorblatt${' '.repeat(100)}${'x'.repeat(500)}`])).toEqual([]);
  });

  it('speaks of whole words, and of each value once', async () => {
    const spans = [
      { class: 'PERSON', start: 6, end: 9 },
      { class: 'PERSON', start: 4, end: 12 },
    ];
    process.answer(answering([spans, [{ class: 'PERSON', start: 2, end: 5 }]]));
    expect(await recogniser().find([TEXT, '我叫王小明。'])).toEqual([
      { class: 'PERSON', value: 'Zorblatt' },
      { class: 'PERSON', value: '王小明' },
    ]);
  });

  it.each<[string, (texts: string[], response: ServerResponse) => void]>([
    ['no JSON', (_, response) => void response.end('<html>')],
    ['another shape', (_, response) => void response.end('{"found": [["Zorblatt"]]}')],
    ['lists for other texts', answering([[], []])],
    ['a stretch beyond the text', answering([[{ class: 'PERSON', start: 4, end: 4_000 }]])],
    ['a stretch that ends before it starts', answering([[{ class: 'PERSON', start: 9, end: 4 }]])],
    ['half a character', answering([[{ class: 'PERSON', start: 0.5, end: 4 }]])],
    ['another status', (_, response) => void response.writeHead(503).end('{"found": [[]]}')],
    ['too many bytes', (_, response) => void response.end(`{"found": [[]], "x": "${'x'.repeat(5 * 1024 * 1024)}"}`)],
  ])('that answers with %s is refused, or gone on without', async (_, answer) => {
    process.answer(answer);
    await expect(recogniser().find([TEXT])).rejects.toMatchObject({ code: 'PROVIDER_GARBAGE', retry: 'backoff' });
    expect(await recogniser({ whenAway: 'go-on' }).find([TEXT])).toEqual([]);
    expect(warned).toEqual([expect.objectContaining({ code: 'PROVIDER_GARBAGE', requests: 1 })]);
    expect(JSON.stringify(warned)).not.toContain('Zorblatt');
  });

  it('finds at most so many values, whatever the configuration', async () => {
    const text = Array.from({ length: 2_001 }, (_, n) => `zo${n}`).join(' ');
    const spans = [...text.matchAll(/\S+/g)].map(({ index, 0: word }) => ({
      class: 'PERSON',
      start: index,
      end: index + word.length,
    }));
    process.answer(answering([spans]));
    await expect(recogniser({ whenAway: 'go-on' }).find([text])).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('that is slow, or stops in mid-answer, is waited for until the deadline', async () => {
    for (const answer of [() => undefined, (_: string[], response: ServerResponse) => void response.write('{')]) {
      process.answer(answer);
      await expect(recogniser({ deadlineMs: 50 }).find([TEXT])).rejects.toMatchObject({ code: 'PROVIDER_TIMEOUT' });
      expect(await recogniser({ deadlineMs: 50, whenAway: 'go-on' }).find([TEXT])).toEqual([]);
    }
  });

  it('that cuts the connection is away', async () => {
    process.answer((_, response) => response.destroy());
    await expect(recogniser().find([TEXT])).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });

  it('that is away is not asked by every request, and is asked again when it is back', async () => {
    await process.stop();
    const away = recogniser();
    for (let n = 0; n < 20; n += 1)
      await expect(away.find([TEXT])).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE', retry: 'backoff' });
    await expect(away.find([TEXT])).rejects.toThrow('left alone for now');
    await process.restart();
    let found: unknown[] = [];
    while (found.length === 0) found = await away.find([TEXT]).catch(() => new Promise((go) => setImmediate(go, [])));
    expect(found).toEqual([{ class: 'PERSON', value: 'Zorblatt Qux' }]);
  });
});

describe('where it may listen', () => {
  const load = (url: string): unknown => loadConfig(recogniserConfig, { SIGNALBOX_RECOGNISER_URL: url });

  it.each(['unix:/run/recogniser.sock', 'http://127.0.0.1:9000', 'http://localhost:9000/find', 'http://[::1]:9000'])(
    'is %s',
    (url) => {
      expect(load(url)).toEqual({ recogniserUrl: url, recogniserMs: 300, recogniserWhenAway: 'refuse' });
    },
  );

  it.each(['http://example.org', 'https://127.0.0.1:9', 'unix:', 'unix:run/x', 'http://127.0.0.1.example.org', 'x'])(
    'is not %s',
    (url) => {
      expect(() => load(url)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    },
  );
});
