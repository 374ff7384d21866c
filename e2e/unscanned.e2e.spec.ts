import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, httpTool, permit } from './support/definitions.ts';
import { startServer, type TestServer } from './support/http-server.ts';
import { E2eMesh } from './support/mesh.ts';
import { callThenQuote } from './support/sim.ts';

/** Bytes that nobody can read as text, as a picture has them. */
const BYTES = Buffer.from(Array.from({ length: 3_000 }, (_, n) => (n * n * 31 + 200) % 256));
const DATA_URL = `data:image/png;base64,${BYTES.toString('base64')}`;

let mesh: E2eMesh;
let server: TestServer;

beforeAll(async () => {
  server = await startServer((request, response) => {
    if (request.url === '/json') return void response.end(JSON.stringify({ picture: DATA_URL, caption: 'a boat' }));
    response.writeHead(200, { 'content-type': 'image/png' }).end(BYTES);
  });
  mesh = await E2eMesh.start('unscanned');
  const tool = { ...httpTool('look', server.host), name: 'look' };
  await mesh.define({
    tools: [tool],
    agents: [agent('viewer', { tools: ['look'] })],
    rules: [permit('viewer-looks', ['viewer'], ['look'])],
  });
});
afterAll(async () => {
  await mesh?.stop();
  await server?.stop();
});

const ask = async (
  input: unknown,
): Promise<{
  status: number;
  body: { error?: { code: string; message: string } | null } & Record<string, unknown>;
}> => {
  const response = await mesh.request('/v1/responses', {
    method: 'POST',
    body: JSON.stringify({ model: 'viewer', input }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const answerTo = async (input: string): Promise<string> =>
  (await mesh.openai().responses.create({ model: 'viewer', input })).output_text;

describe('what cannot be scanned', () => {
  it('is refused as a part of a request over HTTP, with the reason', async () => {
    for (const part of [
      { type: 'input_image', image_url: DATA_URL },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
      { type: 'input_file', file_data: DATA_URL, filename: 'cv.pdf' },
    ]) {
      const { status, body } = await ask([{ role: 'user', content: [{ type: 'input_text', text: 'Look.' }, part] }]);
      expect([status, body.error?.code]).toEqual([400, 'CONTENT_BLOCKED']);
      expect(body.error?.message).toContain(`${part.type} cannot be scanned`);
    }
  });

  it('is refused inside the text of a request, over HTTP and over NATS', async () => {
    const { status, body } = await ask(`What is in ${DATA_URL}?`);
    expect([status, body.error?.code]).toEqual([400, 'CONTENT_BLOCKED']);
    expect(body.error?.message).toContain('UNSCANNED');
    const client = await mesh.client();
    const { runId } = await client.run({ agent: 'viewer', input: DATA_URL });
    expect(await client.open(runId).result()).toMatchObject({ status: 'refused', error: { code: 'CONTENT_BLOCKED' } });
    await expect(
      client.run({ agent: 'viewer', input: [{ role: 'user', content: [{ type: 'input_image' }] as never }] }),
    ).rejects.toThrow();
    await client.close();
  });

  it('is left out of what a tool returns, and the model is told so', async () => {
    expect(await answerTo(callThenQuote('look', { url: `${server.url}/` }))).toContain(
      '(unscanned: 3000 bytes of image/png, left out)',
    );
    const quoted = await answerTo(callThenQuote('look', { url: `${server.url}/json` }));
    expect(quoted).toContain('[[UNSCANNED]]');
    expect(quoted).toContain('a boat');
  });

  it('is let through where a redaction rule of the tenant says so', async () => {
    await mesh.define({
      redactions: [{ id: 'pictures', class: 'UNSCANNED', action: 'allow', gates: ['tool'], description: '' }],
    });
    expect(await answerTo(callThenQuote('look', { url: `${server.url}/json` }))).toContain('data:image/png;base64,');
  });
});
