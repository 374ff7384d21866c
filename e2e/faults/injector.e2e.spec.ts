import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { testFolder, waitFor } from '@signalbox/testing';
import { afterEach, expect, it } from 'vitest';
import { Injector, isStopped } from './injector.ts';
import { type Fault, PAUSES_MS } from './plan.ts';

const ID = 'x.0';
/** As a busy machine may leave a process between saying that it stops and stopping; longer than the pause. */
const BETWEEN_MS = PAUSES_MS.blink! + 500;
const VICTIM = `
  const { writeFileSync } = require('node:fs');
  const [file, betweenMs] = process.argv.slice(1);
  setInterval(() => process.stdout.write('alive'), 20);
  setTimeout(() => {
    writeFileSync(file + '.done', JSON.stringify({ id: '${ID}' }));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(betweenMs));
    process.kill(process.pid, 'SIGSTOP');
  }, 200);
`;
const FAULT: Fault = {
  at: 'point',
  process: 'inference',
  kind: 'model.completed.v1',
  phase: 'before',
  nth: 1,
  action: 'blink',
};

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

it.each([0, BETWEEN_MS])('a process that stops itself %i ms after its word goes on', async (betweenMs) => {
  const file = join(testFolder('injector'), 'inference.json');
  const stack = { pid: () => child?.pid ?? null, kill: () => Promise.resolve(), whenUp: () => Promise.resolve() };
  const injector = new Injector(
    { orderFile: () => file, chronicle: { counts: () => ({ begun: 0 }) }, mesh: { stack } },
    [FAULT],
    'x',
  );
  child = spawn(process.execPath, ['-e', VICTIM, file, String(betweenMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let alive = 0;
  child.stdout!.on('data', () => (alive += 1));
  await once(child.stdout!, 'data');
  await waitFor(() => isStopped(child!.pid!), { what: 'it to stop' });
  const before = alive;
  await waitFor(() => alive > before + 5, { what: 'it to go on' });
  expect((await injector.finish()).map(({ struck }) => struck)).toEqual([true]);
});
