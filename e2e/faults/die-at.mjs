/**
 * Loaded before a service (`NODE_OPTIONS=--import`): kills it with SIGKILL, once, in the very turn in which the broker
 * acknowledged its n-th entry of a kind, before it can acknowledge its work or do what follows.
 * SIGNALBOX_DIE_AT=<kind>:<n>, SIGNALBOX_DIE_MARK=<file that tells it was done>.
 */
import { subscribe } from 'node:diagnostics_channel';
import { existsSync, writeFileSync } from 'node:fs';

const [kind, nth] = (process.env['SIGNALBOX_DIE_AT'] ?? '').split(':');
const mark = process.env['SIGNALBOX_DIE_MARK'];
let seen = 0;

if (kind && mark && !existsSync(mark)) {
  subscribe('signalbox.journal.appended', (entry) => {
    if (entry.kind !== kind || ++seen < Number(nth)) return;
    writeFileSync(mark, `${kind} ${entry.runId} ${entry.seq}\n`);
    process.kill(process.pid, 'SIGKILL');
  });
}
