import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, waitFor } from '@signalbox/local-servers';
import { LoadProcess } from '../runs/load-process.ts';
import type { LoadResult, System, Window } from '../runs/system.ts';

const READY_MS = 60_000;
const STOP_MS = 15_000;

/** A kind of runs of a peer. */
export interface PeerWork {
  name: string;
  work: string;
  /** Where a POST starts a run and answers at its end. */
  url: string;
}

export interface PeerParts {
  durability: string;
  works: readonly PeerWork[];
  children: readonly Child[];
  /** Removed at the end. */
  folder: string;
  alsoStop?: () => Promise<void>;
}

/** Processes behind HTTP, with a load process of their own. */
export class Peer {
  readonly #parts: PeerParts;
  readonly #load: LoadProcess;

  private constructor(parts: PeerParts, load: LoadProcess) {
    this.#parts = parts;
    this.#load = load;
  }

  static async start(parts: PeerParts): Promise<Peer> {
    return new Peer(parts, await LoadProcess.start(join(import.meta.dirname, 'http-load.ts'), {}));
  }

  /** What is measured on these processes, each kind of runs a system of its own. */
  workloads(): System[] {
    const roots = this.#parts.children.map(({ pid }) => pid);
    const { durability } = this.#parts;
    return this.#parts.works.map(({ name, work, url }) => ({
      name,
      durability,
      work,
      measure: (window: Window): Promise<LoadResult> => this.#load.measure({ ...window, kind: url, roots }),
    }));
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
