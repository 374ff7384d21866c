/** A stretch of base64 or base64url long enough to hold an address. */
const RUN = /[A-Za-z0-9+/_-]{12,}={0,2}/g;
/** One encoded block broken into lines, as in mail. */
const WRAPPED = /^[A-Za-z0-9+/=_-]+(?:\s+[A-Za-z0-9+/=_-]+)+$/;
const WRAPPED_CHARS_MIN = 64;
const NOT_TEXT = /[^\P{Cc}\t\n\r]/u;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Replaces the content of base64 in a text: `change` gets each run that decodes to readable UTF-8, and what it
 * returns is encoded in its place, in the same alphabet. A run that is not changed stays as it was.
 */
export function mapEncoded(text: string, change: (decoded: string) => string): string {
  if (text.length >= WRAPPED_CHARS_MIN && text.includes('\n') && WRAPPED.test(text)) {
    const joined = text.replace(/\s+/g, '');
    const mapped = mapRun(joined, change);
    if (mapped !== joined) return mapped;
  }
  return mapEncodedRuns(text, change);
}

/** The same for runs alone: what is broken into lines is read line by line, as text that streams has to be. */
export function mapEncodedRuns(text: string, change: (decoded: string) => string): string {
  return text.replace(RUN, (run) => mapRun(run, change));
}

function mapRun(run: string, change: (decoded: string) => string): string {
  const decoded = decode(run);
  if (decoded === undefined) return run;
  const changed = change(decoded);
  if (changed === decoded) return run;
  const isUrlSafe = /[-_]/.test(run) || (!run.endsWith('=') && run.length % 4 !== 0);
  return Buffer.from(changed, 'utf8').toString(isUrlSafe ? 'base64url' : 'base64');
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
