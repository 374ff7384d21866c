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
  const contentType = first(headers['content-type']) ?? '';
  const whole = Buffer.concat(chunks);
  const text = isReadable(whole, contentType) ? decoded(whole, contentType) : unscanned(contentType, bytes);
  return { text, bytes };
}

const READABLE =
  /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|yaml|x-ndjson|javascript|x-www-form-urlencoded)\b|message\/|multipart\/)/i;
/** In these every other byte is zero. */
const WIDE = /charset="?utf-?(?:16|32)/i;
const BINARY = /^(?:image|audio|video|font|model)\//i;
/** Of a body whose type says nothing, so many bytes are looked at. */
const HEAD_BYTES = 8_192;

/** A body is text where its type says so or says nothing, and no byte is one that text has not. */
function isReadable(body: Buffer, contentType: string): boolean {
  const head = body.subarray(0, HEAD_BYTES);
  if (head.includes(0) && !WIDE.test(contentType)) return false;
  if (READABLE.test(contentType)) return true;
  if (BINARY.test(contentType)) return contentType.toLowerCase().startsWith('image/svg');
  return !head.toString('utf8').slice(0, -4).includes('\ufffd');
}

/** Nobody can say what personal data is in a picture or a file: a model is told of it, and gets none of it. */
function unscanned(contentType: string, bytes: number): string {
  const type = /^[\w.+-]{1,64}\/[\w.+-]{1,64}/.exec(contentType)?.[0] ?? 'unknown type';
  return `(unscanned: ${bytes} bytes of ${type}, left out)`;
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
