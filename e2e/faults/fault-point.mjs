/**
 * Loaded before a service (`NODE_OPTIONS=--import`): at a chosen append to a journal it sends its own process a signal.
 * The order lies in SIGNALBOX_FAULT_FILE, as `{ id, kind, holds?, phase, nth, signal }`, and may change while the process runs; what
 * was done is written beside it. Phases of an append: `before` it is sent; `sent`, when the bytes have left and no
 * acknowledgement was read; `stored`, in the turn in which the acknowledgement came, before anything follows from it.
 */
import { subscribe } from 'node:diagnostics_channel';
import { readFileSync, watch, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import './small-times.mjs';

const file = process.env['SIGNALBOX_FAULT_FILE'];
let order = null;
let seen = 0;

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function load() {
  const next = read(file);
  // A process that was started again finds the order that ended its predecessor.
  const wanted = next !== null && read(`${file}.done`)?.id !== next.id ? next : null;
  if (wanted?.id !== order?.id) seen = 0;
  order = wanted;
}

function strike(entry) {
  const { id, signal } = order;
  order = null;
  writeFileSync(`${file}.done`, JSON.stringify({ id, runId: entry.runId }));
  process.kill(process.pid, signal);
}

/** With `holds` only entries that have this field, or a decision with this event. */
function isMeant({ kind, body }) {
  const { holds } = order;
  if (kind !== order.kind) return false;
  return holds === undefined || body[holds] !== undefined || body.events?.some(({ type }) => type === holds) === true;
}

function at(phase, entry) {
  if (order === null || order.phase !== phase || !isMeant(entry) || ++seen < order.nth) return;
  // Everything that one turn publishes is written at its end.
  if (phase === 'sent') setImmediate(() => setImmediate(() => order !== null && strike(entry)));
  else strike(entry);
}

if (file) {
  load();
  watch(dirname(file), { persistent: false }, (_event, name) => {
    if (name === basename(file)) load();
  });
  subscribe('signalbox.journal.appending', (entry) => {
    at('before', entry);
    at('sent', entry);
  });
  subscribe('signalbox.journal.appended', (entry) => at('stored', entry));
}
