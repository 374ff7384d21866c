/**
 * `node find.mjs <library> <file>`: the file is a JSON list of texts. Prints one JSON object: for each text the spans that
 * the library takes out, as `[type, start, end]`, and the milliseconds of CPU it took.
 */
import { readFileSync } from 'node:fs';

const [library, file] = process.argv.slice(2);
const texts = JSON.parse(readFileSync(file, 'utf8'));
const find = await finders()[library]();
const spans = [];
const before = process.cpuUsage();
for (const text of texts) spans.push(await find(text));
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ spans, ms: (user + system) / 1000 }));

function finders() {
  return {
    openredaction: async () => {
      const { OpenRedaction } = await import('openredaction');
      const redactor = new OpenRedaction({ redactionMode: 'placeholder' });
      return async (text) => {
        const { detections } = await redactor.detect(text);
        return detections.map(({ type, position }) => [type, position[0], position[1]]);
      };
    },
    'redact-pii': async () => {
      const module = await import('redact-pii');
      const redactor = new (module.SyncRedactor ?? module.default.SyncRedactor)();
      return (text) => aligned(text, redactor.redact(text));
    },
    '@redactpii/node': async () => {
      const { Redactor } = await import('@redactpii/node');
      const redactor = new Redactor();
      return (text) => aligned(text, redactor.redact(text));
    },
  };
}

/** Both give only the redacted text: what stands between the unchanged pieces is what was taken out. */
function aligned(text, redacted) {
  const found = [];
  const marks = [
    ...redacted.matchAll(/\b[A-Z]{3,}(?:_[A-Z]+)+\b|\bZIPCODE\b|\bUSERNAME\b|\bPASSWORD\b|\bDIGITS\b|\bURL\b/g),
  ];
  let at = 0;
  let read = 0;
  for (const [i, mark] of marks.entries()) {
    const start = at + mark.index - read;
    read = mark.index + mark[0].length;
    const next = redacted.slice(read, marks[i + 1]?.index ?? redacted.length);
    const end = next === '' ? text.length : text.indexOf(next, start);
    if (end < 0) return found;
    if (end > start) found.push([mark[0], start, end]);
    at = end;
  }
  return found;
}
