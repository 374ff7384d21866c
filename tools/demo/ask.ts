import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import type { Stack } from '../stack/options.ts';

export interface Answer {
  runId: string;
  text: string;
  status: string;
  costNanoUsd: number;
  redactions: Record<string, number>;
  simulated: boolean;
}

/** Our own fields in a Response object. */
interface Extension {
  run_id: string;
  cost_nano_usd: number;
  redactions: Record<string, number>;
  simulated: boolean;
}

const TENANT = 'demo';

/** A stock OpenAI client on the mesh's edge, with the key that the set-up made. */
export function openAiClient(stack: Stack): OpenAI {
  const apiKey = readFileSync(join(stack.keysDir, 'cli', `api-key-${TENANT}.key`), 'utf8').trim();
  return new OpenAI({ apiKey, baseURL: `${stack.urls['gateway']}/v1`, maxRetries: 0 });
}

/** Asks the agent `analyst` over HTTP, streamed, as any program would. */
export async function ask(
  stack: Stack,
  question: string,
  names: string[],
  say: (line: string) => void,
): Promise<Answer> {
  const request = { model: 'analyst', input: question, stream: true as const, signalbox: { profile: { names } } };
  const stream = await openAiClient(stack).responses.create(request);
  let streamed = 0;
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') streamed += event.delta.length;
    if (event.type !== 'response.completed' && event.type !== 'response.failed') continue;
    say(`  gateway      streamed ${streamed} characters of the answer while it was made`);
    const { response } = event;
    const extension = (response as unknown as { signalbox: Extension }).signalbox;
    const texts = response.output.flatMap((item) => (item.type === 'message' ? item.content : []));
    return {
      runId: extension.run_id,
      text: texts.map((part) => (part.type === 'output_text' ? part.text : '')).at(-1) ?? '',
      status: response.status ?? 'unknown',
      costNanoUsd: extension.cost_nano_usd,
      redactions: extension.redactions,
      simulated: extension.simulated,
    };
  }
  throw new Error('The stream ended without an answer.');
}
