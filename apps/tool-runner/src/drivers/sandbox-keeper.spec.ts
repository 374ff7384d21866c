import { MeshError } from '@signalbox/kernel';
import { Sandbox, type SandboxCapabilities, type SandboxResult } from '@signalbox/sandbox';
import { createLogger } from '@signalbox/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ToolRunnerConfig } from '../config.js';
import { SandboxKeeper } from './sandbox-keeper.js';

const PROBE_MS = 60_000;

/** A sandbox that says what it is told to; the real one is in the specs of libs/sandbox. */
class ScriptedSandbox extends Sandbox {
  available = true;
  probes = 0;
  #pending: (() => void)[] = [];
  held = false;

  override run(): Promise<SandboxResult> {
    return Promise.reject(new MeshError('SANDBOX_UNAVAILABLE', 'scripted'));
  }

  override async probe(): Promise<SandboxCapabilities> {
    this.probes++;
    if (this.held) await new Promise<void>((resolve) => this.#pending.push(resolve));
    const { available } = this;
    return { driver: 'scripted', tier: 'T2', available, languages: [], mechanisms: [], failures: [] };
  }

  release(): void {
    this.held = false;
    for (const go of this.#pending.splice(0)) go();
  }
}

describe('SandboxKeeper', () => {
  const live = new AbortController().signal;
  let sandbox: ScriptedSandbox;
  let keeper: SandboxKeeper;

  beforeEach(() => {
    vi.useFakeTimers();
    sandbox = new ScriptedSandbox();
    const logger = createLogger({ service: 'tool-runner', level: 'fatal' });
    keeper = new SandboxKeeper(sandbox, { probeMs: PROBE_MS } as ToolRunnerConfig, logger);
  });
  afterEach(async () => {
    sandbox.release();
    await keeper.onApplicationShutdown();
    vi.useRealTimers();
  });
  const boot = async (): Promise<void> => {
    keeper.onApplicationBootstrap();
    await keeper.settled(live);
    await vi.advanceTimersByTimeAsync(0);
  };

  it('lets calls wait for the first attack alone', async () => {
    sandbox.held = true;
    keeper.onApplicationBootstrap();
    let waited = false;
    const waiting = keeper.settled(live).then(() => (waited = true));
    await vi.advanceTimersByTimeAsync(10);
    expect(waited).toBe(false);
    sandbox.release();
    await waiting;
    await vi.advanceTimersByTimeAsync(0);
    sandbox.held = true;
    await vi.advanceTimersByTimeAsync(PROBE_MS);
    expect(sandbox.probes).toBe(2);
    await keeper.settled(live);
  });

  it('lets no call wait that was stopped', async () => {
    sandbox.held = true;
    keeper.onApplicationBootstrap();
    const stop = new AbortController();
    const waiting = keeper.settled(stop.signal);
    stop.abort();
    await waiting;
  });

  it('attacks it anew at once when a run found none, and then less and less often', async () => {
    await boot();
    expect(sandbox.probes).toBe(1);
    sandbox.available = false;
    keeper.suspect();
    keeper.suspect();
    await vi.advanceTimersByTimeAsync(0);
    expect(sandbox.probes).toBe(2);
    await vi.advanceTimersByTimeAsync(PROBE_MS);
    const early = sandbox.probes;
    expect(early).toBeGreaterThan(4);
    expect(early).toBeLessThan(8);
    await vi.advanceTimersByTimeAsync(10 * PROBE_MS);
    expect(sandbox.probes).toBeLessThanOrEqual(early + 11);
  });

  it('does not hurry for a sandbox that holds in probes and fails in runs', async () => {
    await boot();
    for (let i = 0; i < 1_000; i++) {
      keeper.suspect();
      await vi.advanceTimersByTimeAsync(60);
    }
    expect(sandbox.probes).toBeLessThan(10);
  });

  it('goes on at its pace once the sandbox holds again', async () => {
    await boot();
    keeper.suspect();
    await vi.advanceTimersByTimeAsync(0);
    expect(sandbox.probes).toBe(2);
    await vi.advanceTimersByTimeAsync(3 * PROBE_MS + 10);
    expect(sandbox.probes).toBe(5);
    keeper.suspect();
    await vi.advanceTimersByTimeAsync(0);
    expect(sandbox.probes).toBe(6);
  });
});
