import { Buffer } from 'node:buffer';
import type { RawEntry } from '@signalbox/bus';
import { redecide, verifyJournal, viewOf } from '@signalbox/run-engine';

const NEWLINE = 0x0a;

/** The lines of a golden journal: what the run came to, then every entry as it is stored. Throws where that loses a byte. */
export function goldenLines(scene: string, entries: readonly RawEntry[]): string {
  const verdict = verifyJournal(entries);
  const again = redecide(entries);
  if (!verdict.ok || !again.ok || entries.some(({ seal }) => seal !== 'verified'))
    throw new Error(`${scene}: ${JSON.stringify({ faults: verdict.faults, differences: again.differences })}`);
  const header = {
    scene,
    subject: entries[0]?.subject,
    head: verdict.head,
    decisions: verdict.decisions,
    end: viewOf(entries),
  };
  return [header, ...entries.map(lineOf)].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** `head` and the JSON of `claim`, or else of `body`, are the stored bytes. */
function lineOf({ seq, bytes, claimed }: RawEntry): Record<string, unknown> {
  const end = bytes.indexOf(NEWLINE) + 1;
  const [head, json] = [bytes.subarray(0, end), bytes.subarray(end)].map((part) => Buffer.from(part).toString('utf8'));
  const stored: unknown = JSON.parse(json ?? '');
  if (JSON.stringify(stored) !== json) throw new Error(`entry ${seq}: its JSON is not what JSON.stringify writes`);
  return claimed === undefined ? { seq, head, body: stored } : { seq, head, claim: stored, body: claimed };
}
