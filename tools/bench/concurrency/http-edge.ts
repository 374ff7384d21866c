import { Agent, request } from 'node:http';
import type { Edge, Ended } from './playing.ts';

interface ResponseObject {
  status?: string;
  error?: { code?: string } | null;
  signalbox?: { run_id?: string };
}

/** The OpenAI dialect: one request a run, answered when the run has ended. */
export class HttpEdge implements Edge {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  async run(agent: string, input: string): Promise<Ended> {
    const { status, text } = await this.#post(JSON.stringify({ model: agent, input }));
    const body = JSON.parse(text) as ResponseObject;
    if (status !== 200) return { runId: null, status: body.error?.code ?? String(status) };
    return { runId: body.signalbox?.run_id ?? '', status: body.status ?? '' };
  }

  #post(body: string): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${this.#key}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      };
      const sent = request(`${this.#url}/v1/responses`, { method: 'POST', agent: this.#agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}
