import { createHash } from 'node:crypto';
import type { RawEntry } from '@signalbox/bus';
import { JOURNAL_KINDS, type JournalBody, type JournalEntry, type JournalKind, subjects } from '@signalbox/contracts';
import type { AskEffect, PolicyView, RunState } from '@signalbox/run-engine';
import { createLogger } from '@signalbox/telemetry';
import { OpenApprovalsService } from '../approvals/open-approvals.service.js';
import type { RouterConfig } from '../config.js';
import { DispatchGate } from '../dispatch/dispatch-gate.js';
import { BudgetsService } from '../limits/budgets.service.js';
import type { LimitsPort } from '../limits/limits.port.js';
import {
  acceptedBody,
  MemoryApprovalIndex,
  MemoryBudgets,
  MemoryDispatch,
  MemoryJournal,
  MemoryQuotaStore,
  NoLimits,
  OpenPolicy,
} from '../memory.fixture.js';
import type { PolicyPort } from '../policy/policy.port.js';
import { QuotasService } from '../quotas/quotas.service.js';
import { AlarmsService } from '../runs/alarms.service.js';
import { RunsService } from '../runs/runs.service.js';
import { TimersService } from '../timers/timers.service.js';
import type { Checkpoint } from './checkpoints.port.js';
import { Partition } from './partition.js';
import type { PartitionOptions } from './partition-options.js';

const config = {
  decisionsMax: 8,
  unstartedMax: 64,
  redispatchMs: 60_000,
  dispatchesMax: 3,
  sessionTimeoutMs: 60_000,
} as RouterConfig;
const principal = { keyId: 'k', userId: 'u' };
export const runIdOf = (n: number): string => `run_00_${String(n).padStart(26, '0')}`;

export const acceptedRun = (n: number, sessionId = `s${n}`): JournalBody<'run.accepted.v1'> =>
  acceptedBody({ tenant: 'demo', runId: runIdOf(n) }, { sessionId });

export interface PlayOptions {
  activeRunsMax?: number;
  openRunsMax?: number;
  limits?: LimitsPort;
  policy?: PolicyPort;
}

/** Two tools, of which one wants approval and the other is limited. */
export class CarefulPolicy extends OpenPolicy {
  halted: string | null = null;

  override viewOf(): PolicyView | null {
    const view = super.viewOf();
    if (view === null) return null;
    const bundle = { version: 1, hash: 'b'.repeat(64) };
    const tools = [toolOf('careful'), { ...toolOf('scarce'), concurrentCallsMax: 1 }];
    return {
      resolve: (...asked) => {
        const found = view.resolve(...asked);
        return found.ok ? { ...found, tools } : found;
      },
      authorize: ({ tool }) => ({
        outcome: tool === 'careful' ? 'approve' : 'permit',
        kind: tool === 'careful' ? 'approve' : 'permit',
        rules: ['rule'],
        reason: '',
        bundle,
        ...(tool === 'careful' ? { terms: { withinMs: 86_400_000 } } : {}),
      }),
      halted: () => (this.halted === null ? null : { id: 'stop', reason: this.halted, bundle }),
    };
  }
}

const toolOf = (name: string) => ({
  name,
  description: '',
  parameters: { type: 'object' },
  effect: 'pure' as const,
  tier: 'T0' as const,
  limits: { wallMs: 1_000, cpuMs: 1_000, memoryBytes: 1_048_576, pidsMax: 1, outputBytesMax: 1_000, tmpBytesMax: 0 },
  driver: { kind: 'http' as const, hosts: [], methods: ['GET' as const] },
  source: 'trusted' as const,
  sensitivity: [],
});

/** A partition over a journal in memory; runs have numbers, and everything that comes for them is given by hand. */
export class PlayedPartition {
  readonly journal = new MemoryJournal();
  readonly dispatch = new NamedDispatch();
  readonly approvals = new MemoryApprovalIndex();
  readonly quotas = new MemoryQuotaStore();
  readonly timers = new TimersService();
  partition: Partition;
  #requests = 0;

  constructor(private readonly options: PlayOptions = {}) {
    this.partition = this.#make();
  }

  stop(): void {
    this.timers.onApplicationShutdown();
  }

  /** Another owner takes the partition, and reads the stream from there. `onRead`: it is read, and not told so. */
  async handOver(checkpoint: Checkpoint, change: PlayOptions = {}, onRead = (): void => undefined): Promise<void> {
    await this.partition.close();
    const stored = [...this.journal.entries.values()].flat().toSorted((a, b) => a.seq - b.seq);
    const read = Promise.withResolvers<void>();
    this.journal.follow = (_name, options) => {
      this.journal.reader = options;
      return { caughtUp: read.promise, closed: Promise.resolve(), lastSeq: () => this.journal.seq };
    };
    this.partition = this.#make(change);
    const opening = this.partition.open(checkpoint);
    await this.settled();
    for (const entry of stored) if (entry.seq >= checkpoint.foldFromSeq) await this.journal.reader!.onEntry(entry);
    onRead();
    read.resolve();
    await opening;
    await this.settled();
  }

  /** Long after everything came to rest. */
  parkIdle(): void {
    this.partition.parkIdle(Date.now() + 10_000);
  }

  /** What was sent for a run, in order. */
  sent(n: number): string[] {
    return this.dispatch.effects.filter(({ runId }) => runId === runIdOf(n)).map(({ id }) => id);
  }

  /** Kinds of its facts, and types of the events of its decisions. */
  story(n: number): string[] {
    return (this.journal.entries.get(runIdOf(n)) ?? []).flatMap(({ entry }) =>
      entry?.kind === 'decision.v1' ? entry.body.events.map(({ type }) => type) : [entry!.kind],
    );
  }

  /** Its approvals that people are shown as open. */
  listed(n: number): string[] {
    return this.approvals.listedOf(runIdOf(n));
  }

  accept(n: number, sessionId?: string): Promise<void> {
    return this.give(n, 'run.accepted.v1', acceptedRun(n, sessionId));
  }

  hold(n: number, what: 'pause' | 'resume'): Promise<void> {
    return this.give(n, `run.${what}-requested.v1`, this.held());
  }

  /** What a pause or a resume says. */
  held(): JournalBody<'run.pause-requested.v1'> {
    const requestId = `req_${String((this.#requests += 1)).padStart(26, '0')}`;
    return { principal, requestId, reason: 'so wanted', requestedAt: Date.now() };
  }

  cancel(n: number): Promise<void> {
    return this.give(n, 'run.cancel-requested.v1', { principal, reason: 'no', requestedAt: Date.now() });
  }

  loaded(n: number): Promise<void> {
    return this.give(n, 'session.loaded.v1', { attempt: 1, messages: [], revision: 0, loadedAt: Date.now() });
  }

  /** The model asks for these tools. */
  modelled(n: number, tools: readonly string[]): Promise<void> {
    return this.give(n, 'model.completed.v1', {
      step: 1,
      attempt: 1,
      content: '',
      toolCalls: tools.map((name, at) => ({ callId: `x${at}`, name, arguments: '{}' })),
      finish: 'tool_calls',
      usage: { inputTokens: 1, outputTokens: 1 },
      costNanoUsd: 0,
      provider: 'p',
      upstream: 'u',
      simulated: true,
      tries: [],
      redactions: {},
      completedAt: Date.now(),
    });
  }

  /** A call of the first step is over. */
  ran(n: number, callId: string): Promise<void> {
    const receipt = {
      driver: 'fake',
      mechanisms: [],
      limits: toolOf('').limits,
      usage: { wallMs: 1, cpuMs: 1, memoryPeakBytes: 1, outputBytes: 1 },
      killCause: 'none' as const,
      egress: [],
    };
    const answer = { result: 'found', truncated: false, redactions: {}, receipt, completedAt: Date.now() };
    return this.give(n, 'tool.completed.v1', { callId, attempt: 1, ...answer });
  }

  approve(n: number, callId: string): Promise<void> {
    const argumentsHash = createHash('sha256').update('{}').digest('hex');
    const about = { questionId: `q_${callId}_0`, choice: 'approve' as const, argumentsHash };
    return this.give(n, 'question.answered.v1', { principal, ...about, answeredAt: Date.now() });
  }

  /** Up to the question whether each `careful` call may be made. */
  async asking(n: number, tools: readonly string[]): Promise<void> {
    await this.accept(n);
    await this.loaded(n);
    await this.modelled(n, tools);
  }

  /** Stored, and read at once; resolves when what follows is done. */
  async give<K extends JournalKind>(n: number, kind: K, body: JournalBody<K>): Promise<void> {
    const entry = this.store(n, kind, body);
    await this.journal.reader!.onEntry(entry);
    await this.settled();
  }

  /** Stored, and not read yet. */
  store<K extends JournalKind>(n: number, kind: K, body: JournalBody<K>): RawEntry {
    const runId = runIdOf(n);
    const seq = this.journal.next(runId);
    const entry = { kind, author: JOURNAL_KINDS[kind].author, seq, body } as unknown as JournalEntry;
    const subject = subjects.run('demo', runId);
    const bytes = new TextEncoder().encode(`${runId} ${seq}`);
    const raw: RawEntry = { tenant: 'demo', runId, seq, subject, bytes, entry, seal: 'verified' };
    this.journal.keep(raw);
    return raw;
  }

  /** Everything has happened that follows without time. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  #make(change: PlayOptions = {}): Partition {
    const {
      limits = new NoLimits(),
      policy = new OpenPolicy(),
      activeRunsMax = 10,
      openRunsMax = 100,
    } = { ...this.options, ...change };
    const { journal, dispatch, timers } = this;
    const logger = createLogger({ service: 'router', level: 'silent' });
    const gate = new DispatchGate(dispatch, limits, config, logger);
    const alarms = new AlarmsService(timers, journal, dispatch, gate, config, logger);
    const approvals = new OpenApprovalsService(this.approvals, logger);
    const quotas = new QuotasService(this.quotas, limits, logger);
    const runs = new RunsService(journal, dispatch, policy, alarms, approvals, quotas, config, logger);
    const options: PartitionOptions = {
      name: '00',
      owner: 'router-a',
      activeRunsMax,
      openRunsMax,
      parkAfterMs: 1_000,
      onFault: (fault) => {
        throw fault;
      },
    };
    const budgets = new BudgetsService(new MemoryBudgets(), limits, logger);
    const partition = new Partition(options, journal, runs, budgets, logger);
    partition.heldUntilMs = Number.POSITIVE_INFINITY;
    return partition;
  }
}

class NamedDispatch extends MemoryDispatch {
  readonly effects: { runId: string; id: string }[] = [];

  override send(state: RunState, effect: AskEffect, dispatch: number): Promise<void> {
    this.effects.push({ runId: state.accepted!.runId, id: effect.id });
    return super.send(state, effect, dispatch);
  }
}
