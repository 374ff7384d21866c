import type { AppendReceipt, FollowOptions, PartitionReader, RawEntry, RunRef } from '@signalbox/bus';
import { type BudgetV1, type JournalBody, type Quota, type QuotaUseV1, subjects } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { type AskEffect, newRun, type PolicyView, type RunState } from '@signalbox/run-engine';
import { ApprovalIndexPort } from './approvals/approval-index.port.js';
import { OpenApprovalsService } from './approvals/open-approvals.service.js';
import { DispatchPort } from './dispatch/dispatch.port.js';
import { BudgetsPort } from './limits/budgets.port.js';
import { type LimitKind, LimitsPort, type SharedLimit } from './limits/limits.port.js';
import { JournalPort } from './journal/journal.port.js';
import { QuotaStorePort, type StoredUse } from './quotas/quota-store.port.js';
import { QuotasService } from './quotas/quotas.service.js';
import { PolicyPort } from './policy/policy.port.js';

const limits = {
  stepsMax: 5,
  tokensMax: 10_000,
  costNanoUsdMax: 1e9,
  toolCallsMax: 5,
  parallelToolCallsMax: 2,
  wallMsMax: 600_000,
};

/** What the guard says of a run that it let in. */
export const acceptedBody = (
  run: RunRef,
  change: Partial<JournalBody<'run.accepted.v1'>> = {},
): JournalBody<'run.accepted.v1'> => ({
  ...run,
  requestId: `req_${'0'.repeat(26)}`,
  sessionId: 's',
  principal: { keyId: 'k', userId: 'u' },
  agent: 'agent',
  input: [{ role: 'user', content: 'Hi' }],
  redactions: {},
  ruleset: 'r',
  stream: false,
  bundle: { version: 1, hash: 'b'.repeat(64) },
  acceptedAt: Date.now(),
  ...change,
});

export class MemoryJournal extends JournalPort {
  readonly faults: MeshError[] = [];
  readonly fired: string[] = [];
  seq = 0;
  /** Last sequence of each run. */
  readonly #last = new Map<string, number>();
  reader: FollowOptions | undefined;
  /** What is stored of each run. */
  readonly entries = new Map<string, RawEntry[]>();

  /** The sequence of one more entry of a run. */
  next(runId: string): number {
    this.#last.set(runId, ++this.seq);
    return this.seq;
  }

  override decide(run: RunRef, decision: JournalBody<'decision.v1'>, expectLastSeq: number): Promise<AppendReceipt> {
    const fault = this.faults.shift();
    if (fault !== undefined) return Promise.reject(fault);
    if (expectLastSeq !== this.#last.get(run.runId))
      return Promise.reject(new MeshError('SEQUENCE_CONFLICT', 'moved on'));
    const bytes = new TextEncoder().encode(JSON.stringify(decision));
    const seq = this.next(run.runId);
    const entry = { kind: 'decision.v1', author: 'router', seq, body: decision } as const;
    this.keep({ ...run, seq, subject: subjects.run(run.tenant, run.runId), bytes, entry, seal: 'verified' });
    return Promise.resolve({ seq, duplicate: false, bytes });
  }
  keep(entry: RawEntry): void {
    this.entries.set(entry.runId, [...(this.entries.get(entry.runId) ?? []), entry]);
  }
  override read({ runId }: RunRef): Promise<RawEntry[]> {
    return Promise.resolve(this.entries.get(runId) ?? []);
  }
  override fire(_run: RunRef, timer: string): Promise<void> {
    this.fired.push(timer);
    return Promise.resolve();
  }
  override spawn(): Promise<boolean> {
    return Promise.resolve(false);
  }
  override endChild(): Promise<void> {
    return Promise.resolve();
  }
  override holdChild(): Promise<void> {
    return Promise.resolve();
  }
  override endParent(): Promise<void> {
    return Promise.resolve();
  }
  override fold(): Promise<RunState> {
    return Promise.resolve(newRun(''));
  }
  override follow(_partition: string, options: FollowOptions): PartitionReader {
    this.reader = options;
    return { caughtUp: Promise.resolve(), closed: Promise.resolve(), lastSeq: () => this.seq };
  }
  override state(): Promise<{ whole: boolean; incarnation: number }> {
    return Promise.resolve({ whole: true, incarnation: 0 });
  }

  override size(): Promise<{ firstSeq: number; lastSeq: number }> {
    return Promise.resolve({ firstSeq: 1, lastSeq: this.seq });
  }
}

export class MemoryDispatch extends DispatchPort {
  readonly faults: MeshError[] = [];
  readonly sent: string[] = [];
  override send(_state: RunState, effect: AskEffect, dispatch: number): Promise<void> {
    this.sent.push(`${effect.id}:${effect.attempt}:${dispatch}`);
    const fault = this.faults.shift();
    return fault === undefined ? Promise.resolve() : Promise.reject(fault);
  }
  override unstarted(): Promise<number> {
    return Promise.resolve(0);
  }
  override hint(): void {}
  override report(): void {}
}

export class OpenPolicy extends PolicyPort {
  override listen(): { stop(): void } {
    return { stop: () => undefined };
  }

  ready = true;
  override viewOf(): PolicyView | null {
    const bundle = { version: 1, hash: 'b'.repeat(64) };
    const agent = { id: 'agent', description: '', instructions: '', model: 'm', tools: [], limits };
    const model = {
      id: 'm',
      provider: 'p',
      inputNanoUsdPerToken: 0,
      outputNanoUsdPerToken: 0,
      outputTokensMax: 10,
      timeoutMs: 1_000,
    };
    const authorize: PolicyView['authorize'] = () => ({
      outcome: 'permit',
      kind: 'permit',
      rules: [],
      reason: '',
      bundle,
    });
    return this.ready ? { resolve: () => ({ ok: true, agent, model, tools: [], bundle }), authorize } : null;
  }
}

/** Nothing is limited. */
export class NoLimits extends LimitsPort {
  override weightOf(): number {
    return 1;
  }
  override hasQuotas(): boolean {
    return false;
  }
  override quotasOf(): readonly Quota[] {
    return [];
  }
  override limitOf(..._asked: [tenant: string, kind: LimitKind, name: string]): SharedLimit | null {
    return null;
  }
}

/** Budgets of one router. */
export class MemoryBudgets extends BudgetsPort {
  readonly #stored = new Map<string, BudgetV1>();

  override watch = (): Promise<void> => Promise.resolve();
  override known = (key: string): BudgetV1 | null => this.#stored.get(key) ?? null;
  override wanted = (): [string, BudgetV1][] => [...this.#stored].filter(([, { wants }]) => wants.length > 0);
  override change = (key: string, change: (before: BudgetV1 | null) => BudgetV1 | null): Promise<BudgetV1 | null> => {
    const after = change(this.known(key));
    if (after !== null) this.#stored.set(key, after);
    return Promise.resolve(this.known(key));
  };
  override stop = (): void => undefined;
}

/** What is taken of quotas, in memory; with a hook between reading and writing. */
export class MemoryQuotaStore extends QuotaStorePort {
  readonly stored = new Map<string, StoredUse>();
  writes = 0;
  beforeStore: () => Promise<void> = () => Promise.resolve();

  override load(key: string): Promise<StoredUse> {
    return Promise.resolve(structuredClone(this.stored.get(key) ?? { use: { held: [], past: [] }, revision: 0 }));
  }

  override async store(key: string, use: QuotaUseV1, revision: number): Promise<number> {
    await this.beforeStore();
    const now = this.stored.get(key)?.revision ?? 0;
    if (now !== revision) throw new MeshError('SEQUENCE_CONFLICT', 'another was faster');
    this.writes += 1;
    this.stored.set(key, { use: structuredClone(use), revision: now + 1 });
    return now + 1;
  }
}

export const noQuotas = (logger: Logger): QuotasService =>
  new QuotasService(new MemoryQuotaStore(), new NoLimits(), logger);

/** What is listed as open. */
export class MemoryApprovalIndex extends ApprovalIndexPort {
  readonly #listed = new Set<string>();
  away = false;

  listedOf(runId: string): string[] {
    return [...this.#listed].filter((key) => key.startsWith(`${runId}.`)).map((key) => key.slice(runId.length + 1));
  }
  override list({ runId }: RunRef, questionId: string): Promise<void> {
    return this.#change(() => this.#listed.add(`${runId}.${questionId}`));
  }
  override unlist({ runId }: RunRef, questionId: string): Promise<void> {
    return this.#change(() => this.#listed.delete(`${runId}.${questionId}`));
  }
  #change(change: () => void): Promise<void> {
    if (this.away) return Promise.reject(new MeshError('BUS_UNAVAILABLE', 'away'));
    change();
    return Promise.resolve();
  }
}

class NoApprovalIndex extends ApprovalIndexPort {
  override list(): Promise<void> {
    return Promise.resolve();
  }
  override unlist(): Promise<void> {
    return Promise.resolve();
  }
}

export const unlistedApprovals = (logger: Logger): OpenApprovalsService =>
  new OpenApprovalsService(new NoApprovalIndex(), logger);
