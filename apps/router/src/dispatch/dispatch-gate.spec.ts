import type { AskEffect } from '@signalbox/run-engine';
import { createLogger } from '@signalbox/telemetry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RouterConfig } from '../config.js';
import { MemoryDispatch, NoLimits } from '../memory.fixture.js';
import { type RunHome, RunShell, type Sending } from '../runs/run-shell.js';
import { DispatchGate } from './dispatch-gate.js';

const home: RunHome = {
  isLive: () => true,
  admit: () => true,
  park: () => undefined,
  takeCall: () => true,
  settle: () => undefined,
  leave: () => undefined,
};

/** Workers that take what the test says; everything else lies with the broker. */
class Broker extends MemoryDispatch {
  held = 0;
  asked = 0;
  away = false;
  override unstarted(): Promise<number> {
    this.asked += 1;
    return this.away ? Promise.reject(new Error('away')) : Promise.resolve(this.held);
  }
}

describe('DispatchGate', () => {
  afterEach(() => void vi.useRealTimers());

  const make = (unstartedMax: number) => {
    const broker = new Broker();
    const logger = createLogger({ service: 'router', level: 'silent' });
    const gate = new DispatchGate(broker, new NoLimits(), { unstartedMax } as RouterConfig, logger);
    const sent: { tenant: string; sending: Sending }[] = [];
    let made = 0;
    const send = (tenant: string, kind: AskEffect['kind'] = 'tool'): Sending => {
      const runId = `run_00_${String(made++).padStart(26, '0')}`;
      const shell = new RunShell(runId, { tenant, runId }, home);
      const effect: AskEffect = { kind, id: 'call', attempt: 1, notBeforeAt: 0 };
      const sending: Sending = { effect, dispatch: 1, failures: 0, nextAt: 0 };
      const go = (): void => {
        expect(gate.enter(shell, sending, go)).toBe(true);
        broker.held += 1;
        sent.push({ tenant, sending });
      };
      if (gate.enter(shell, sending, go)) go();
      return sending;
    };
    /** A worker answers what was sent first. */
    const answer = (at: number): void => {
      broker.held -= 1;
      gate.left(sent[at]!.sending);
    };
    return { gate, broker, sent, send, answer };
  };

  it('asks nothing and holds nothing back while workers keep up', () => {
    const { broker, sent, send, answer } = make(4);
    for (let n = 0; n < 100; n++) {
      send('a');
      answer(n);
    }
    expect([sent.length, broker.asked]).toEqual([100, 0]);
  });

  it('keeps what is not begun at its bound, and serves a quiet tenant within a few turns of a noisy one', async () => {
    vi.useFakeTimers();
    const { broker, sent, send, answer } = make(4);
    for (let n = 0; n < 300; n++) send('noisy');
    const quiet = send('quiet');
    await vi.advanceTimersByTimeAsync(100);
    expect(sent).toHaveLength(4);
    let most = 0;
    for (let n = 0; n < 300; n++) {
      answer(n);
      most = Math.max(most, broker.held);
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(most).toBeLessThanOrEqual(4);
    // A quantum of 4,096 tokens holds 16 calls of 256, behind the four that were out.
    expect(sent.findIndex(({ sending }) => sending === quiet)).toBeLessThanOrEqual(20);
    expect(sent).toHaveLength(301);
  });

  it('lets workers have as much as they begin', async () => {
    vi.useFakeTimers();
    const { broker, sent, send } = make(4);
    for (let n = 0; n < 100; n++) send('a');
    for (let n = 0; n < 100 && sent.length < 100; n++) {
      broker.held = 0;
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(sent).toHaveLength(100);
  });

  it('goes on where the broker does not say how far the workers are', async () => {
    vi.useFakeTimers();
    const { broker, sent, send } = make(4);
    broker.away = true;
    for (let n = 0; n < 20; n++) send('a');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sent).toHaveLength(20);
  });

  it('drops what is not wanted any more, and holds back no memory requests', async () => {
    vi.useFakeTimers();
    const { gate, sent, send, answer } = make(1);
    send('a');
    const [second, third] = [send('a'), send('a')];
    gate.left(second);
    send('a', 'session-load');
    expect(sent).toHaveLength(2);
    answer(0);
    await vi.advanceTimersByTimeAsync(100);
    expect(sent.map(({ sending }) => sending)).toContain(third);
    expect(sent.map(({ sending }) => sending)).not.toContain(second);
  });
});
