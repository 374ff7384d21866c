/**
 * Starts runs as the guard does and waits for their ends as it does: by the router's note, or, where none came, from
 * the journal. Environment: BENCH_NATS_URL, BENCH_KEYS_DIR (the guard's).
 */
import { Bus, type RawEntry } from '@signalbox/bus';
import { runIdFor, subjects } from '@signalbox/contracts';
import { newRequestId } from '@signalbox/kernel';
import { foldJournal, redecide, verifyJournal } from '@signalbox/run-engine';
import {
  INLINE_AGENT,
  PLANNED_CALLS,
  PURE_AGENT,
  REMOTE_AGENT,
  SEQUENCE_AGENT,
  STEPS_AGENT,
  STEPS_MODEL_CALLS,
  TALK_AGENT,
  TENANT,
} from './bundle.ts';
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
/** The newest runs of each agent. */
const samples: Record<string, string[]> = {};
const STEPS: Record<string, number> = {
  [STEPS_AGENT]: STEPS_MODEL_CALLS,
  [REMOTE_AGENT]: PLANNED_CALLS,
  [SEQUENCE_AGENT]: 1,
  [PURE_AGENT]: 1,
  [INLINE_AGENT]: PLANNED_CALLS,
};
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
    newSession: true as const,
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

/** Proof of what was on while it was measured, from the journals of the newest runs of an agent. */
async function proofOf(agent: string): Promise<Record<string, number>> {
  const found = { sampled: 0, completed: 0, verified: 0, decided_again: 0 };
  const entry = { entries: 0, sealed: 0, as_schema: 0, calls: 0, permits: 0, bytes: 0 };
  for (const runId of samples[agent] ?? []) {
    const entries = await bus.journal.read({ tenant: TENANT, runId });
    const state = foldJournal(entries);
    found.sampled += 1;
    found.completed += Number(state.status === 'completed' && state.steps.length === STEPS[agent]);
    found.verified += Number(verifyJournal(entries).ok);
    found.decided_again += Number(redecide(entries).ok);
    entry.entries += entries.length;
    entry.sealed += entries.filter(({ bytes }) => / [hem]:/.test(Buffer.from(bytes).toString('latin1', 0, 120))).length;
    entry.as_schema += entries.filter((one) => one.entry !== null).length;
    entry.calls += state.toolCalls;
    entry.permits += entries
      .flatMap((one) => (one.entry?.kind === 'decision.v1' ? one.entry.body.events : []))
      .filter((event) => 'decision' in event && event.decision.outcome === 'permit').length;
    entry.bytes += stored(entries);
  }
  return { ...found, ...entry };
}

async function proof(): Promise<Record<string, unknown>> {
  const agents: Record<string, unknown> = {};
  for (const agent of Object.keys(samples)) agents[agent] = await proofOf(agent);
  return { runs, lookedUp, agents, sampleRunIds: Object.values(samples).flatMap((ids) => ids.slice(-3)) };
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
serveLoad(async (agent) => {
  const newest = (samples[agent] ??= []);
  newest.push(await start(agent));
  if (newest.length > SAMPLES) newest.shift();
  runs += 1;
});
