import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, waitFor } from '@signalbox/local-servers';
import { LoadProcess } from '../runs/load-process.ts';
import type { LoadResult, System, Window } from '../runs/system.ts';

const READY_MS = 60_000;
const STOP_MS = 15_000;

export interface PeerParts {
  name: string;
  durability: string;
  work: string;
  children: readonly Child[];
  /** Removed at the end. */
  folder: string;
  /** Where a POST starts a run and answers at its end. */
  url: string;
  alsoStop?: () => Promise<void>;
}

/** A system behind HTTP, with a load process of its own. */
export class Peer implements System {
  readonly name: string;
  readonly durability: string;
  readonly work: string;
  readonly #parts: PeerParts;
  readonly #load: LoadProcess;

  private constructor(parts: PeerParts, load: LoadProcess) {
    this.name = parts.name;
    this.durability = parts.durability;
    this.work = parts.work;
    this.#parts = parts;
    this.#load = load;
  }

  static async start(parts: PeerParts): Promise<Peer> {
    const load = await LoadProcess.start(join(import.meta.dirname, 'http-load.ts'), { BENCH_URL: parts.url });
    return new Peer(parts, load);
  }

  measure(request: Window): Promise<LoadResult> {
    return this.#load.measure({ ...request, kind: 'run', roots: this.#parts.children.map(({ pid }) => pid) });
  }

  async stop(): Promise<void> {
    await this.#load.stop();
    for (const child of this.#parts.children) await child.stop('SIGTERM', STOP_MS);
    await this.#parts.alsoStop?.();
    rmSync(this.#parts.folder, { recursive: true, force: true });
  }
}

/** Resolves when a child's URL answers this request with success. */
export async function untilAnswers(child: Child, url: string, init: RequestInit = {}): Promise<void> {
  const answers = async (): Promise<boolean> => {
    if (!child.isRunning()) throw new Error(`${child.name} ended:\n${child.tail().join('\n')}`);
    const response = await fetch(url, init).catch(() => null);
    await response?.body?.cancel();
    return response?.ok === true;
  };
  await waitFor(answers, { timeoutMs: READY_MS, what: `${child.name} at ${url}` });
}
