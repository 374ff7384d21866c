import type { Dispatcher } from 'undici';
import { toolFault } from '../tool-fault.js';

type Answer = Dispatcher.ResponseData;

/** The body as text, in the charset that the server names. Null where it is larger than `bytesMax`: then it is not read on. */
export async function readText(
  { body, headers }: Answer,
  bytesMax: number,
): Promise<{ text: string; bytes: number } | null> {
  // A body that is dropped unread says so as an error event.
  body.on('error', () => undefined);
  if (Number(first(headers['content-length']) ?? 0) > bytesMax) {
    body.destroy();
    return null;
  }
  const encoding = first(headers['content-encoding']) ?? 'identity';
  if (encoding !== 'identity') {
    body.destroy();
    throw toolFault('TOOL_FAILED', 'The server answered compressed though it was asked not to.');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop ends the connection.
    if (bytes > bytesMax) return null;
    chunks.push(chunk);
  }
  return { text: decoded(Buffer.concat(chunks), first(headers['content-type']) ?? ''), bytes };
}

/** Status, type and body: what a model gets to see of an answer. */
export function summaryOf({ statusCode, headers }: Answer, text: string): string {
  const location = first(headers['location']);
  const summary = { status: statusCode, contentType: first(headers['content-type']) ?? null, body: text };
  return JSON.stringify(location === undefined ? summary : { ...summary, location });
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function decoded(bytes: Buffer, contentType: string): string {
  const [, label = 'utf-8'] = /charset="?([\w.:-]{1,40})/i.exec(contentType) ?? [];
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
