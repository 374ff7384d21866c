import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@signalbox/testing';
import type { Stack } from './stack/options.ts';

const TENANT = 'demo';
const ARCHIVE_TIMEOUT_MS = 20_000;
const ANSWER_TIMEOUT_MS = 60_000;
const QUESTION = 'I am Anna Berg, anna.berg@example.com. What does bus-latency.csv say about the lowest p99_ms?';

interface Story {
  run: { endedAt: number | null };
  story: { author: string; text: string }[];
}

/** Asks the mesh one question over HTTP and tells, from the record, what happened. */
export async function sampleRequest(stack: Stack, say: (line: string) => void): Promise<void> {
  const secret = (name: string): string => readFileSync(join(stack.keysDir, 'cli', name), 'utf8').trim();
  say(`\nA first request, as any program would send it:\n  ${QUESTION}\n`);
  const response = await fetch(`${stack.urls['gateway']}/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret(`api-key-${TENANT}.key`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'analyst', input: QUESTION, signalbox: { profile: { names: ['Anna Berg'] } } }),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  const answer = (await response.json()) as {
    id: string;
    output: { content: { text: string }[] }[];
    error?: { message: string };
  };
  if (!response.ok) throw new Error(`the first request failed: ${answer.error?.message ?? response.status}`);
  const url = `${stack.urls['audit']}/audit/v1/tenants/${TENANT}/runs/${answer.id.replace('resp_', 'run_')}`;
  let found: Story | undefined;
  const archived = async (): Promise<boolean> => {
    const reply = await fetch(url, { headers: { authorization: `Bearer ${secret('admin.token')}` } });
    found = reply.ok ? ((await reply.json()) as Story) : undefined;
    return found?.run.endedAt != null;
  };
  await waitFor(archived, { timeoutMs: ARCHIVE_TIMEOUT_MS, what: 'the first run in the archive' });
  for (const line of found?.story ?? []) say(`  ${line.author.padEnd(11)} ${line.text}`);
  say(`\n  ${answer.output[0]?.content[0]?.text ?? '(no answer)'}`);
}

/** How to go on from here, with the key's place instead of the key. */
export function nextSteps(stack: Stack): string {
  const key = join(stack.keysDir, 'cli', `api-key-${TENANT}.key`);
  return [
    'Ask it yourself:',
    `  npx signalbox run "Which server is fastest in bus-latency.csv?"`,
    `  npx signalbox runs ls`,
    'or with any OpenAI client:',
    `  OPENAI_BASE_URL=${stack.urls['gateway']}/v1 OPENAI_API_KEY=$(cat ${key})   model: analyst`,
  ].join('\n');
}
