import { setImmediate as turn } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { type RecordedCall, RECORDED_CALLS_MAX, type RunPlace } from '@signalbox/contracts';
import { MeshError, pause } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { CedarPort } from '../cedar/cedar.port.js';
import { ChangeNotes } from '../drafts/notes.port.js';
import type { PolicyConfig } from '../config.js';
import { RecordedCalls } from '../dry-run/recorded-calls.port.js';
import { contentOf } from '../history/history.service.js';
import { PolicyRepository } from '../storage/policy.repository.js';
import { differenceOf, ReferenceDecisions } from './reference.js';

/** What was re-checked of a tenant since the process started. */
export interface Rechecked {
  compared: number;
  differences: number;
  /** Not compared, by why. */
  left: Record<string, number>;
  /** The newest differences. */
  incidents: Incident[];
}
export interface Incident {
  runId: string;
  at: number;
  agent: string;
  tool: string;
  version: number;
  difference: string;
}

const INCIDENTS_KEPT = 20;
/** Bundles of past versions that are kept ready. */
const REFERENCES_MAX = 4;
/** Pages that one round asks for, of one tenant. */
const PAGES_MAX = 10;

/**
 * Decides a sample of the calls that were decided in the mesh once more, off their path, with Cedar's own engine in place of
 * our compiled policies. A difference is an incident: a fault in the compiler, or a decision that nobody made by that bundle.
 */
@Injectable()
export class RecheckService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #stop = new AbortController();
  readonly #places = new Map<string, RunPlace>();
  readonly #rechecked = new Map<string, Rechecked>();
  readonly #references = new Map<string, ReferenceDecisions | null>();
  readonly #startedAt = Date.now();
  #loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly repository: PolicyRepository,
    private readonly recorded: RecordedCalls,
    private readonly cedar: CedarPort,
    private readonly notes: ChangeNotes,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.recheckShare > 0) this.#loop = this.#run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#loop.catch(() => undefined);
  }

  of(tenant: string): Rechecked {
    return this.#rechecked.get(tenant) ?? { compared: 0, differences: 0, left: {}, incidents: [] };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await pause(this.config.recheckMs, signal);
      if (signal.aborted) return;
      await this.#round().catch((error: unknown) =>
        this.logger.debug({ err: MeshError.from(error) }, 'decisions could not be re-checked yet'),
      );
    }
  }

  async #round(): Promise<void> {
    for (const tenant of await this.repository.tenants()) {
      if (this.#stop.signal.aborted) return;
      await this.#recheck(tenant);
    }
  }

  async #recheck(tenant: string): Promise<void> {
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const after = this.#places.get(tenant) ?? { at: this.#startedAt, runId: FIRST_RUN };
      const request = { order: 'ended', share: this.config.recheckShare, limit: RECORDED_CALLS_MAX, after } as const;
      const { calls, left, next, last } = await this.recorded.page(tenant, request);
      this.#leave(tenant, left);
      for (const call of calls) {
        await turn();
        await this.#compare(tenant, call);
      }
      if (last) this.#places.set(tenant, last);
      if (next === null) return;
    }
  }

  async #compare(tenant: string, { runId, at, question, decision }: RecordedCall): Promise<void> {
    const { bundle } = decision;
    if (bundle === null) return;
    const reference = await this.#referenceOf(tenant, bundle.version, bundle.hash);
    if (reference === undefined) return this.#leave(tenant, { 'its bundle is not kept any more': 1 });
    const expected = reference === null ? null : reference.decide(question);
    if (reference !== null && expected === null) return this.#leave(tenant, { 'no decision of policy': 1 });
    const difference =
      expected === null ? 'recorded under a bundle that was never issued' : differenceOf(decision, expected);
    const kept = this.#kept(tenant);
    kept.compared += 1;
    if (difference === null) return;
    kept.differences += 1;
    const { agent, tool } = question;
    const incident = { runId, at, agent, tool, version: bundle.version, difference };
    kept.incidents = [incident, ...kept.incidents].slice(0, INCIDENTS_KEPT);
    this.logger.error({ tenant, ...incident }, 'a decision is not what its bundle says');
    this.notes.tell(tenant, 'policy-incident', incident);
  }

  /** Undefined: not kept; null: there is a bundle of that version, and it is another one. */
  async #referenceOf(tenant: string, version: number, hash: string): Promise<ReferenceDecisions | null | undefined> {
    const key = `${tenant} ${version} ${hash}`;
    const known = this.#references.get(key);
    if (known !== undefined) return known;
    const issued = await this.repository.bundle(tenant, version);
    if (issued === null) return undefined;
    const made = issued.hash === hash ? new ReferenceDecisions(contentOf(issued), this.cedar) : null;
    this.#references.set(key, made);
    const [oldest] = this.#references.keys();
    if (this.#references.size > REFERENCES_MAX && oldest !== undefined) this.#references.delete(oldest);
    return made;
  }

  #leave(tenant: string, counts: Record<string, number>): void {
    const { left } = this.#kept(tenant);
    for (const [why, count] of Object.entries(counts)) left[why] = (left[why] ?? 0) + count;
  }

  #kept(tenant: string): Rechecked {
    let kept = this.#rechecked.get(tenant);
    if (!kept) this.#rechecked.set(tenant, (kept = this.of(tenant)));
    return kept;
  }
}

/** Before every run. */
const FIRST_RUN = '';
