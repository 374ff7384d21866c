/** A stretch of base64 or base64url long enough to hold an address. */
const RUN = /[A-Za-z0-9+/_-]{12,}={0,2}/g;
/** One encoded block broken into lines, as in mail. */
const WRAPPED = /^[A-Za-z0-9+/=_-]+(?:\s+[A-Za-z0-9+/=_-]+)+$/;
const WRAPPED_CHARS_MIN = 64;
/** Base64 of 768 bytes; keys and hashes are shorter. */
const CONTENT_CHARS_MIN = 1_024;
/** Different characters: of 64 a picture uses nearly all, a hexadecimal number 16. */
const CONTENT_LETTERS_MIN = 32;
const NOT_TEXT = /[^\P{Cc}\t\n\r]/u;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What becomes of a run of base64. */
export interface RunReader {
  /** Of one that decodes to readable UTF-8: what it returns is encoded in its place. */
  text: (decoded: string) => string;
  /** Of one that nobody can read: what it returns stands in its place. */
  binary?: (run: string) => string;
}

/**
 * Replaces the content of base64 in a text, in the same alphabet. A run that is not changed stays as it was.
 */
export function mapEncoded(text: string, read: RunReader): string {
  if (text.length >= WRAPPED_CHARS_MIN && text.includes('\n') && WRAPPED.test(text)) {
    const joined = text.replace(/\s+/g, '');
    const mapped = mapRun(joined, read);
    if (mapped !== joined) return mapped;
  }
  return mapEncodedRuns(text, read);
}

/** The same for runs alone: what is broken into lines is read line by line, as text that streams has to be. */
export function mapEncodedRuns(text: string, read: RunReader): string {
  return text.replace(RUN, (run) => mapRun(run, read));
}

function mapRun(run: string, { text, binary }: RunReader): string {
  const decoded = decode(run);
  if (decoded === undefined) return binary && isContent(run) ? binary(run) : run;
  const changed = text(decoded);
  if (changed === decoded) return run;
  const isUrlSafe = /[-_]/.test(run) || (!run.endsWith('=') && run.length % 4 !== 0);
  return Buffer.from(changed, 'utf8').toString(isUrlSafe ? 'base64url' : 'base64');
}

/** A picture, a sound or a file rather than a key, a hash or a filler. */
function isContent(run: string): boolean {
  return run.length >= CONTENT_CHARS_MIN && new Set(run).size >= CONTENT_LETTERS_MIN;
}

function decode(run: string): string | undefined {
  if (/^\d+$/.test(run)) return undefined;
  try {
    const text = utf8.decode(Buffer.from(run, 'base64'));
    return NOT_TEXT.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
