import type { Priority } from '@signalbox/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { type RunHome, RunShell } from '../runs/run-shell.js';
import { type RunSlots, Turns } from './turns.js';

const home: RunHome = {
  isLive: () => true,
  admit: () => true,
  park: () => undefined,
  takeCall: () => true,
  settle: () => undefined,
  leave: () => undefined,
};
/** No limits but that of the turns. */
const free: RunSlots = { weightOf: () => 1, takeRun: () => true, countRun: () => undefined, dropRun: () => undefined };

describe('Turns', () => {
  let woken: RunShell[];
  let turns: Turns;
  let made: number;

  beforeEach(() => {
    woken = [];
    made = 0;
  });
  const make = (activeRunsMax: number): void => {
    turns = new Turns(activeRunsMax, free, (shell) => void woken.push(shell));
  };
  const run = (tenant: string, sessionId = `s${made}`, priority?: Priority): RunShell => {
    const runId = `run_00_${String(made++).padStart(26, '0')}`;
    const shell = new RunShell(`subject.${runId}`, { tenant, runId }, home);
    const accepted = { tenant, runId, sessionId, input: [{ role: 'user' as const, content: 'Hi' }], priority };
    // It has begun, so that it goes on before new ones.
    shell.state = { ...shell.state, accepted, plan: {} } as unknown as RunShell['state'];
    return shell;
  };
  /** Ends whoever has a turn, one after another; gives the order in which turns were given. */
  const playOut = (running: RunShell[]): RunShell[] => {
    for (let at = 0; at < running.length; at++) {
      turns.leave(running[at]!);
      running.push(...woken.splice(0));
    }
    return running;
  };

  it('lets a quiet tenant wait for few turns of a noisy one', () => {
    make(1);
    const noisy = Array.from({ length: 500 }, () => run('noisy'));
    const running = noisy.filter((shell) => turns.admit(shell));
    const quiet = run('quiet');
    expect([turns.admit(quiet), running.length, turns.waiting]).toEqual([false, 1, 500]);
    const order = playOut(running);
    // A quantum of 4,096 tokens holds three turns of 1,029.
    expect(order.indexOf(quiet)).toBeLessThanOrEqual(4);
    expect(order).toHaveLength(501);
  });

  it('prefers high to normal to low within a tenant', () => {
    make(1);
    const runs = [run('a'), run('a', 's1', 'low'), run('a', 's2'), run('a', 's3', 'high')];
    for (const shell of runs) turns.admit(shell);
    expect(playOut([runs[0]!])).toEqual([runs[0], runs[3], runs[2], runs[1]]);
  });

  it('gives the runs of a session their turns one after another', () => {
    make(10);
    const [first, second, third] = [run('a', 's'), run('a', 's'), run('a', 's')];
    expect([first, second, third].map((shell) => turns.admit(shell))).toEqual([true, false, false]);
    expect(turns.admit(run('b', 's'))).toBe(true);
    turns.leave(second);
    expect(woken).toEqual([]);
    turns.leave(first);
    expect(woken).toEqual([third]);
  });

  it('lets the next of a session go on while one waits for a person, and that one after it', () => {
    make(10);
    const [first, second, third] = [run('a', 's'), run('a', 's'), run('a', 's')];
    for (const shell of [first, second, third]) turns.admit(shell);
    turns.park(first, true);
    expect(woken).toEqual([second]);
    expect(turns.admit(first)).toBe(false);
    turns.leave(second);
    expect(woken).toEqual([second, first]);
    turns.leave(first);
    expect(woken).toEqual([second, first, third]);
  });

  it('keeps both bounds, whatever happens in which order', () => {
    make(3);
    const runs = Array.from({ length: 60 }, (_, n) => run('abc'[n % 3]!, `s${n % 7}`));
    const running = new Set<RunShell>();
    const waiting = new Set<RunShell>();
    const check = (): void => {
      for (const shell of woken.splice(0)) {
        expect(waiting.delete(shell)).toBe(true);
        running.add(shell);
      }
      expect(running.size).toBeLessThanOrEqual(3);
      const sessions = [...running].map(({ ref, state }) => `${ref.tenant}.${state.accepted!.sessionId}`);
      expect(new Set(sessions).size).toBe(sessions.length);
    };
    let parkings = 0;
    runs.forEach((shell, n) => {
      (turns.admit(shell) ? running : waiting).add(shell);
      check();
      const [one] = running;
      if (n % 3 !== 0 || one === undefined) return;
      running.delete(one);
      if (n % 2 === 0) turns.leave(one);
      else {
        parkings += 1;
        turns.park(one, true);
        check();
        (turns.admit(one) ? running : waiting).add(one);
      }
      check();
    });
    expect(parkings).toBeGreaterThan(3);
    for (let [one] = running; one !== undefined; [one] = running) {
      running.delete(one);
      turns.leave(one);
      check();
    }
    expect([waiting.size, turns.waiting]).toEqual([0, 0]);
  });
});
