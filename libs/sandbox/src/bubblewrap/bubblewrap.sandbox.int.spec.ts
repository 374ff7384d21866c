import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { accessSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ToolLimits, ToolReceipt } from '@signalbox/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONNECT, DAEMON, DIAL_ATTACKS, FILL, KILL_PARENT, SNOOP } from '../attacks.fixture.js';
import { CAN_ISOLATE, IS_ROOT, LANGUAGES_HERE, SEARCH_FOLDERS } from '../machine.fixture.js';
import { usersNaming } from '../probe/victims.js';
import { descendants } from '../process-tree.js';
import type { SandboxLanguage, SandboxResult } from '../sandbox.port.js';
import { BubblewrapSandbox } from './bubblewrap.sandbox.js';

const LIMITS: ToolLimits = {
  wallMs: 20_000,
  cpuMs: 10_000,
  memoryBytes: 134_217_728,
  pidsMax: 24,
  outputBytesMax: 65_536,
  tmpBytesMax: 8_388_608,
};
/** What an attack is given; its control has the rest of the limits as they are. */
const TIGHT: Partial<Record<string, Partial<ToolLimits>>> = { cpu: { cpuMs: 700 }, wall: { wallMs: 1_500 } };

const READ_LIMITS = "console.log(require('node:fs').readFileSync('/proc/self/limits', 'utf8'))";
const SECRET = 'canary-5f2d81c0';
const ECHO: Record<SandboxLanguage, string> = {
  javascript: "console.log(require('node:fs').readFileSync(0, 'utf8'))",
  python: 'import sys; print(sys.stdin.read())',
};

describe.skipIf(!CAN_ISOLATE).each([{ cgroups: 'auto' }, { cgroups: 'none' }] as const)(
  'bubblewrap with control groups: $cgroups',
  ({ cgroups }) => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-spec-'));
    const sandbox = new BubblewrapSandbox({ cgroups, searchFolders: SEARCH_FOLDERS });
    let server: Server;
    let port = 0;
    let isMetered = false;

    beforeAll(async () => {
      process.env['SANDBOX_SPEC_SECRET'] = SECRET;
      writeFileSync(join(folder, 'secret.txt'), SECRET);
      server = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
      const capabilities = await sandbox.probe();
      expect(capabilities).toMatchObject({ available: true, languages: LANGUAGES_HERE });
      isMetered = capabilities.mechanisms.some((mechanism) => mechanism.startsWith('memory:cgroup-v'));
      // Root must get the control groups there are; an ordinary user seldom can.
      if (cgroups === 'none') expect(isMetered).toBe(false);
      else if (IS_ROOT && canWriteCgroups()) expect(isMetered).toBe(true);
    });

    afterAll(() => {
      delete process.env['SANDBOX_SPEC_SECRET'];
      server.close();
      rmSync(folder, { recursive: true });
      expect(leftovers()).toEqual([]);
    });

    const run = (
      language: SandboxLanguage,
      code: string,
      input?: unknown,
      limits: Partial<ToolLimits> = {},
      signal?: AbortSignal,
    ): Promise<SandboxResult> => sandbox.run({ language, code, input, limits: { ...LIMITS, ...limits } }, signal);

    describe.each(LANGUAGES_HERE)('%s', (language) => {
      it.each(DIAL_ATTACKS)('stops $name, and only that', async ({ code, low, high, stoppedBy, done }) => {
        const limits = TIGHT[stoppedBy] ?? {};
        const control = await run(language, code[language], low);
        expect(control).toMatchObject({ exitCode: 0, receipt: { killCause: 'none' } });
        expect(control.stdout.trim()).toBe(done);

        const attack = await run(language, code[language], high, limits);
        expect(attack.receipt.killCause).toBe(stoppedBy);
        expect(attack).toMatchObject({ exitCode: null, signal: null });
        expect(attack.stdout).not.toContain('done');
        expect(attack.receipt.usage.outputBytes).toBeLessThanOrEqual(LIMITS.outputBytesMax);
      });

      it('keeps as much of a flood as the limit says', async () => {
        const { stdout, receipt } = await run(language, DIAL_ATTACKS[7]?.code[language] ?? '', 51_200);
        expect(stdout.length).toBe(LIMITS.outputBytesMax);
        expect(receipt).toMatchObject({ killCause: 'output', usage: { outputBytes: LIMITS.outputBytesMax } });
      });

      it('has no room for a gigabyte in /tmp or /dev/shm, and none elsewhere', async () => {
        const fill = async (path: string, bytes: number): Promise<unknown> =>
          JSON.parse((await run(language, FILL[language], { path, bytes })).stdout);
        expect(await fill('/tmp/fill', 4_194_304)).toEqual({ written: 4_194_304, error: null });
        for (const place of ['/tmp/fill', '/dev/shm/fill']) {
          const { written, error } = (await fill(place, 1_073_741_824)) as { written: number; error: string };
          expect(error).toBe('ENOSPC');
          expect(written).toBeLessThan(LIMITS.tmpBytesMax);
        }
        for (const place of [
          '/fill',
          '/dev/fill',
          '/code/fill',
          '/data/fill',
          '/usr/fill',
          '/runtime/node',
          '/code/main.js',
        ]) {
          expect(await fill(place, 1)).toMatchObject({
            written: 0,
            error: expect.stringMatching(/EROFS|EACCES|EPERM|ENOENT|ETXTBSY/),
          });
        }
      });

      it('has no network', async () => {
        expect(outside(language, CONNECT, { port })).toContain('connected');
        expect((await run(language, CONNECT[language], { port })).stdout.trim()).toBe('ECONNREFUSED');
      });

      it('sees no environment, process or file of the host', async () => {
        const path = join(folder, 'secret.txt');
        expect(outside(language, SNOOP, { path })).toContain(SECRET);
        const { stdout, exitCode } = await run(language, SNOOP[language], { path });
        expect(exitCode).toBe(0);
        expect(stdout).toContain('LANG');
        expect(stdout).not.toContain(SECRET);
        expect(stdout).not.toContain('--ro-bind');
        expect(stdout).not.toContain(process.cwd());
      });

      it('leaves no daemon behind, and ends although it holds the output', async () => {
        const marker = `spec-daemon-${language}-${cgroups}`;
        const cancel = new AbortController();
        const running = run(language, DAEMON[language], { marker, stay: true }, {}, cancel.signal);
        await until(() => usersNaming(marker).length > 0);
        expect(usersNaming(marker)).not.toContain(0);
        cancel.abort();
        expect((await running).receipt.killCause).toBe('cancelled');
        expect(getEventListeners(cancel.signal, 'abort')).toEqual([]);
        expect(usersNaming(marker)).toEqual([]);

        const { stdout, exitCode } = await run(language, DAEMON[language], { marker });
        expect(stdout.trim()).toBe('left');
        expect(exitCode).toBe(0);
        expect(usersNaming(marker)).toEqual([]);
      });

      it('cannot kill its way out', async () => {
        expect((await run(language, KILL_PARENT[language])).stdout.trim()).toBe('tried 3');
        expect((await run(language, ECHO[language], 'alive')).stdout.trim()).toBe('"alive"');
      });

      it('takes any text but half characters as code, and any bytes as output', async () => {
        const say = language === 'python' ? 'print' : 'console.log';
        expect((await run(language, `${say}("żółw 🐢")`)).stdout.trim()).toBe('żółw 🐢');
        for (const code of [`${say}("before")\0${say}("after")`, `${say}("\ud800")`]) {
          await expect(run(language, code)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
        }
        const raw =
          language === 'python'
            ? 'import os; os.write(1, bytes([120, 255, 254, 0]))'
            : "require('node:fs').writeSync(1, Buffer.from([120, 255, 254, 0]))";
        expect(await run(language, raw)).toMatchObject({ exitCode: 0, stdout: 'x\ufffd\ufffd\0', outputIsUtf8: false });
      });

      it('tells a crash and an exit code from a kill', async () => {
        const crash = language === 'python' ? 'import os; os.abort()' : 'process.abort()';
        const exit = language === 'python' ? 'import sys; sys.exit(7)' : 'process.exit(7)';
        expect(await run(language, crash)).toMatchObject({ exitCode: null, signal: 6, receipt: { killCause: 'none' } });
        expect(await run(language, exit)).toMatchObject({ exitCode: 7, signal: null, receipt: { killCause: 'none' } });
      });

      it('does not start what is cancelled already', async () => {
        const result = await run(language, ECHO[language], 'ran', {}, AbortSignal.abort());
        expect(result).toMatchObject({ stdout: '', exitCode: null, receipt: { killCause: 'cancelled' } });
      });
    });

    it('runs twenty at once, each with its own input and end', async () => {
      const runs = Array.from({ length: 20 }, (_, index) => {
        const language = LANGUAGES_HERE[index % LANGUAGES_HERE.length] ?? 'javascript';
        return index % 5 === 4
          ? run(language, DIAL_ATTACKS[0]?.code[language] ?? '', 1e15, { cpuMs: 300 })
          : run(language, ECHO[language], { index });
      });
      const results = await Promise.all(runs);
      results.forEach((result, index) => {
        if (index % 5 === 4) expect(result.receipt.killCause).toBe('cpu');
        else expect(result).toMatchObject({ exitCode: 0, stdout: `${JSON.stringify({ index })}\n` });
      });
      expect(leftovers()).toEqual([]);
    });

    it('lowers the limits of each process', async () => {
      const { stdout } = await run('javascript', READ_LIMITS, null, { cpuMs: 2_000 });
      expect(stdout).toMatch(/Max cpu time +3 +3 /);
      expect(stdout).toMatch(/Max core file size +0 +0 /);
      expect(stdout).toMatch(/Max open files +256 +256 /);
    });

    it('meters what it can and says so where it cannot', async () => {
      const { receipt } = await run('javascript', 'globalThis.kept = Buffer.alloc(33554432, 1)');
      expect(ToolReceipt.parse(receipt)).toEqual(receipt);
      expect(receipt.egress).toEqual([]);
      if (!isMetered) expect(receipt.usage).toMatchObject({ cpuMs: 'unmetered', memoryPeakBytes: 'unmetered' });
      else {
        expect(receipt.usage.memoryPeakBytes).toBeGreaterThan(33_554_432);
        expect(receipt.usage.memoryPeakBytes).toBeLessThanOrEqual(LIMITS.memoryBytes);
        expect(receipt.usage.cpuMs).toBeGreaterThan(0);
      }
      const memory = isMetered ? /^memory:cgroup-v[12]$/ : /^memory:rlimit-and-watch$/;
      expect(receipt.mechanisms).toContainEqual(expect.stringMatching(memory));
    });
  },
);

/** The same code without a sandbox: what it could do if it were let. */
function outside(language: SandboxLanguage, code: Record<SandboxLanguage, string>, input: unknown): string {
  const [program, flag] = language === 'python' ? ['/usr/bin/python3', '-c'] : [process.execPath, '-e'];
  return execFileSync(program, [flag, code[language]], { input: JSON.stringify(input), encoding: 'utf8' });
}

function canWriteCgroups(): boolean {
  try {
    accessSync('/sys/fs/cgroup/memory', constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Processes and control group folders that a run should have taken along. */
function leftovers(): string[] {
  const folders = ['memory', 'pids', 'cpuacct', 'unified'].flatMap((name) => findFolders(`/sys/fs/cgroup/${name}`, 4));
  return [...folders, ...descendants(process.pid).map((pid) => `process ${pid}`)];
}

function findFolders(folder: string, depth: number): string[] {
  try {
    const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const own = inside
      .filter(({ name }) => name.startsWith(`signalbox-run-${process.pid}-`))
      .map(({ name }) => join(folder, name));
    return depth === 0 ? own : [...own, ...inside.flatMap(({ name }) => findFolders(join(folder, name), depth - 1))];
  } catch {
    return [];
  }
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('it did not come to hold');
    await delay(10);
  }
}
