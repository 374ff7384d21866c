import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalBody, RunEvent } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import type { Stack } from '../stack/options.ts';
import type { SeenEntry } from './witness.ts';

const AUDIT_TIMEOUT_MS = 30_000;

export interface Proof {
  ok: boolean;
  entries: number;
  head: string;
  faults: string[];
}

export interface StorySummary {
  modelCalls: number;
  toolCalls: number;
  denied: number;
  deniedBy: string[];
  routerKilled: boolean;
  routerCameBack: boolean;
}

/** Tells a run from its journal as the entries cross the bus, and kills the router once work is under way. */
export class Storyteller {
  readonly #stack: Stack;
  readonly #say: (line: string) => void;
  readonly #killAt: 'model' | 'tool';
  readonly #seen: StorySummary = {
    modelCalls: 0,
    toolCalls: 0,
    denied: 0,
    deniedBy: [],
    routerKilled: false,
    routerCameBack: false,
  };
  #killing: Promise<void> | undefined;

  /** A text of one's own may bring no tool call to wait for: then the first model call is the middle. */
  constructor(stack: Stack, say: (line: string) => void, killAt: 'model' | 'tool') {
    this.#stack = stack;
    this.#say = say;
    this.#killAt = killAt;
  }

  tell(entry: SeenEntry): void {
    for (const line of this.#lines(entry)) this.#say(`  ${entry.author.padEnd(12)} ${line}`);
  }

  summary(): StorySummary {
    return this.#seen;
  }

  /** Resolves when the killed router is back. */
  async settled(): Promise<void> {
    await this.#killing;
  }

  /** What the audit service finds when it recomputes the hash chain from its archive. */
  async proof(runId: string): Promise<Proof> {
    const url = `${this.#stack.urls['audit']}/audit/v1/tenants/demo/runs/${runId}`;
    const headers = {
      authorization: `Bearer ${readFileSync(join(this.#stack.keysDir, 'cli', 'admin.token'), 'utf8').trim()}`,
    };
    const read = async <T>(path: string): Promise<T | undefined> => {
      const response = await fetch(`${url}${path}`, { headers });
      return response.ok ? ((await response.json()) as T) : undefined;
    };
    const archived = async (): Promise<boolean> =>
      (await read<{ run: { endedAt: number | null } }>(''))?.run.endedAt != null;
    await waitFor(archived, { timeoutMs: AUDIT_TIMEOUT_MS, what: 'the run in the archive' });
    const verdict = await read<{ data: Proof[] }>('/verify');
    return verdict?.data[0] ?? { ok: false, entries: 0, head: '', faults: ['the archive does not answer'] };
  }

  #lines(entry: SeenEntry): string[] {
    switch (entry.kind) {
      case 'run.accepted.v1': {
        const { input, redactions } = entry.body as JournalBody<'run.accepted.v1'>;
        const counts = Object.entries(redactions).map(([name, count]) => `${count} ${name}`);
        return [
          `redacted ${counts.join(', ') || 'nothing'}; inside, the question now reads:`,
          `  ${input.at(-1)?.content ?? ''}`,
        ];
      }
      case 'model.completed.v1': {
        this.#seen.modelCalls++;
        const body = entry.body as JournalBody<'model.completed.v1'>;
        const wish =
          body.toolCalls.length > 0
            ? `, it wants ${body.toolCalls.map((call) => call.name).join(' and ')}`
            : ', it answers';
        const name = body.simulated ? `${body.upstream} (a simulation)` : body.upstream;
        return [
          `${name}: ${body.usage.inputTokens} tokens in, ${body.usage.outputTokens} out, $${(body.costNanoUsd / 1e9).toFixed(6)}${wish}`,
        ];
      }
      case 'tool.completed.v1': {
        const { callId, receipt } = entry.body as JournalBody<'tool.completed.v1'>;
        const { usage, limits } = receipt;
        const memory =
          usage.memoryPeakBytes === 'unmetered' ? 'unmetered' : `${Math.round(usage.memoryPeakBytes / 1_048_576)}`;
        const used = `${usage.wallMs} of ${limits.wallMs} ms, cpu ${usage.cpuMs} of ${limits.cpuMs} ms, memory ${memory} of ${limits.memoryBytes / 1_048_576} MiB`;
        return [`${callId} ran in ${receipt.driver}: ${used}`];
      }
      case 'tool.failed.v1': {
        const { callId, error } = entry.body as JournalBody<'tool.failed.v1'>;
        return [`${callId} failed: ${error.code} ${error.message.split('\n')[0]}`];
      }
      case 'decision.v1':
        return (entry.body as JournalBody<'decision.v1'>).events.flatMap((event) => this.#eventLines(event));
      default:
        return [];
    }
  }

  #eventLines(event: RunEvent): string[] {
    switch (event.type) {
      case 'model.requested':
        if (this.#killAt === 'model') this.#killRouter();
        return [`asks model ${event.model} of provider ${event.provider}, step ${event.step}`];
      case 'tool.requested':
        this.#seen.toolCalls++;
        this.#killRouter();
        return [
          `allows ${event.tool} by rule ${event.decision.rules.join(', ')}: tier ${event.tier}, effect ${event.effect}`,
        ];
      case 'tool.refused':
        this.#seen.denied++;
        this.#seen.deniedBy.push(`${event.tool}: ${event.decision.kind}`);
        return [
          `refuses ${event.tool}: ${event.decision.rules.length > 0 ? `rule ${event.decision.rules.join(', ')}` : event.decision.kind} – ${event.decision.reason}`,
        ];
      case 'run.completed':
        return [`completes the run after ${event.steps} steps`];
      case 'run.failed':
        return [`fails the run: ${event.error.code} ${event.error.message}`];
      default:
        return [];
    }
  }

  #killRouter(): void {
    if (this.#killing) return;
    const pid = this.#stack.pid('router');
    if (pid === null) return;
    process.kill(pid, 'SIGKILL');
    this.#seen.routerKilled = true;
    this.#say(`  (demo)       killed the router, pid ${pid}, with SIGKILL`);
    this.#killing = (async () => {
      await waitFor(() => this.#stack.pid('router') !== pid && this.#stack.pid('router') !== null, {
        timeoutMs: 30_000,
        what: 'another router',
      });
      await this.#stack.whenUp('router');
      this.#seen.routerCameBack = true;
      this.#say(
        `  (demo)       the router is back, pid ${this.#stack.pid('router')}; it reads the journal and goes on`,
      );
    })();
    this.#killing.catch(() => undefined);
  }
}
