import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const GIVE_UP_MS = 120_000;

it('the demo holds every claim that it makes', { timeout: GIVE_UP_MS }, async () => {
  const demo = [resolve(ROOT, 'tools/run.mjs'), resolve(ROOT, 'tools/demo/main.ts'), '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, demo, { cwd: ROOT, timeout: GIVE_UP_MS });
  expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({ ok: true, denied: 1, routerKilled: true });
});
