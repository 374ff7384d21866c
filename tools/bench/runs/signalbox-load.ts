/**
 * Starts runs as the guard does and waits for their ends as it does: by the router's note, or, where none came, from
 * the journal. Environment: BENCH_NATS_URL, BENCH_KEYS_DIR (the guard's).
 */
import { Bus, type RawEntry } from '@signalbox/bus';
import { runIdFor, subjects } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import { foldJournal, verifyJournal } from '@signalbox/run-engine';
import { STEPS_AGENT, STEPS_MODEL_CALLS, TALK_AGENT, TENANT } from './bundle.ts';
import { serveLoad } from './closed-loop.ts';

/** How long a note may be missing before the journal is asked. */
const NOTE_MS_MAX = 3_000;
const LOOK_MS = 1_000;
/** Runs that are looked up in the journal at once. */
const LOOKS_MAX = 32;
const SAMPLES = 40;

const url = process.env['BENCH_NATS_URL'] ?? '';
const bus = await Bus.connect({
  service: 'guard',
  account: 'CORE',
  url,
  keysDir: process.env['BENCH_KEYS_DIR'] ?? '',
});

interface Waiting {
  since: number;
  end: () => void;
}
const waiting = new Map<string, Waiting>();
const samples: string[] = [];
let runs = 0;
let lookedUp = 0;

bus.subscribe('note', subjects.note(TENANT, runIdOfNobody()).replace(/[^.]+$/, '*'), ({ subject, body }) => {
  if (body.phase === 'ended') ended(subject.slice(subject.lastIndexOf('.') + 1));
});
setInterval(() => {
  const late = [...waiting].filter(([, { since }]) => performance.now() - since > NOTE_MS_MAX).slice(0, LOOKS_MAX);
  for (const [runId] of late) void lookUp(runId);
}, LOOK_MS);

function runIdOfNobody(): string {
  return runIdFor({ tenant: TENANT, requestId: newRequestId() });
}

function ended(runId: string): void {
  waiting.get(runId)?.end();
  waiting.delete(runId);
}

async function lookUp(runId: string): Promise<void> {
  const state = foldJournal(await bus.journal.read({ tenant: TENANT, runId }));
  if (state.endedAt === null || !waiting.has(runId)) return;
  lookedUp += 1;
  ended(runId);
}

async function start(agent: string): Promise<string> {
  const requestId = newRequestId();
  const run = { tenant: TENANT, runId: runIdFor({ tenant: TENANT, requestId }) };
  const end = new Promise<void>((resolve) => waiting.set(run.runId, { since: performance.now(), end: resolve }));
  const body = {
    ...run,
    requestId,
    sessionId: requestId,
    principal: { keyId: 'key', userId: 'user' },
    agent,
    input: [{ role: 'user' as const, content: 'What is the answer?' }],
    redactions: {},
    ruleset: 'r1',
    stream: false,
    bundle: { version: 1, hash: 'a'.repeat(64) },
    acceptedAt: Date.now(),
  };
  await bus.journal.append(run, 'run.accepted.v1', body, { expectLastSeq: 0 });
  await end;
  return run.runId;
}

const stored = (entries: readonly RawEntry[]): number =>
  entries.reduce((sum, { bytes, subject }) => sum + bytes.length + subject.length, 0);

/** Proof of what was on while it was measured, from the journals of the newest runs. */
async function proof(): Promise<Record<string, unknown>> {
  const found = { sampled: 0, completed: 0, verified: 0, entries: 0, sealed: 0, permits: 0, bytes: 0 };
  for (const runId of samples) {
    const entries = await bus.journal.read({ tenant: TENANT, runId });
    const state = foldJournal(entries);
    found.sampled += 1;
    found.completed += Number(state.status === 'completed' && state.steps.length === STEPS_MODEL_CALLS);
    found.verified += Number(verifyJournal(entries).ok);
    found.entries += entries.length;
    found.sealed += entries.filter(({ bytes }) => / [he]:/.test(Buffer.from(bytes).toString('latin1', 0, 120))).length;
    const events = entries.flatMap(({ entry }) => (entry?.kind === 'decision.v1' ? entry.body.events : []));
    found.permits += events.filter(
      (event) => event.type === 'tool.requested' && event.decision.outcome === 'permit',
    ).length;
    found.bytes += stored(entries);
  }
  return { ...found, runs, lookedUp, sampleRunIds: samples.slice(-3) };
}

async function conversation(): Promise<Record<string, unknown>> {
  const runId = await start(TALK_AGENT);
  const entries = await bus.journal.read({ tenant: TENANT, runId });
  const state = foldJournal(entries);
  return { status: state.status, modelCalls: state.steps.length, entries: entries.length, bytes: stored(entries) };
}

process.on('message', (message) => {
  if (message === 'proof') void proof().then((found) => process.send?.(found));
  if (message === 'conversation') void conversation().then((found) => process.send?.(found));
});
serveLoad(async () => {
  samples.push(await start(STEPS_AGENT));
  if (samples.length > SAMPLES) samples.shift();
  runs += 1;
});
