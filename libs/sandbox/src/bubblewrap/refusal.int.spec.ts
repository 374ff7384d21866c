import { chmodSync, copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BWRAP, CAN_ISOLATE, IS_ROOT, SEARCH_FOLDERS } from '../machine.fixture.js';
import { PROBE_LIMITS } from '../probe/target.js';
import type { SandboxFile, SandboxResult } from '../sandbox.port.js';
import { BubblewrapSandbox } from './bubblewrap.sandbox.js';

const folder = mkdtempSync(join(tmpdir(), 'sandbox-refusal-'));
const ECHO = { language: 'javascript', code: "console.log('ran')", limits: PROBE_LIMITS } as const;

afterAll(() => rmSync(folder, { recursive: true }));

/** A bwrap that leaves something out. It gets `--args 3 -- command`; what it adds comes after our options. */
function weakBwrap(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n[ "$1" = --version ] && exec ${BWRAP} --version\n${script}\n`);
  chmodSync(path, 0o755);
  chmodSync(folder, 0o755);
  return path;
}

it.skipIf(CAN_ISOLATE)('refuses on this machine, which cannot isolate', async () => {
  const capabilities = await new BubblewrapSandbox({ searchFolders: SEARCH_FOLDERS }).probe();
  expect(capabilities.available).toBe(false);
  expect(capabilities.failures).not.toEqual([]);
});

describe('a sandbox that is not proven', () => {
  it('refuses before the first probe', async () => {
    await expect(new BubblewrapSandbox().run(ECHO)).rejects.toMatchObject({ code: 'SANDBOX_UNAVAILABLE' });
  });

  it.runIf(CAN_ISOLATE).each([
    ['is missing', '/nowhere/bwrap', /ENOENT|not found/],
    ['is no bwrap', '/bin/true', /0\.8 or newer/],
    [
      'cannot make namespaces',
      weakBwrap('denied', 'echo "bwrap: No permissions to create new namespace" >&2; exit 1'),
      /could not set up/,
    ],
    [
      'runs the code without isolation',
      weakBwrap('bare', 'while [ "$1" != -- ]; do shift; done; shift 2; exec node -e 1'),
      /could not|did not run/,
    ],
    [
      'shares the network',
      weakBwrap('network', `shift 2; exec ${BWRAP} --args 3 --share-net "$@"`),
      /no-network: a port of the host/,
    ],
    [
      'shows files of the host',
      weakBwrap('files', `shift 2; exec ${BWRAP} --args 3 --ro-bind ${tmpdir()} ${tmpdir()} "$@"`),
      /private-files: a file of the host was read/,
    ],
    [
      'shows the homes',
      weakBwrap('homes', `shift 2; exec ${BWRAP} --dir /home --args 3 "$@"`),
      /private-files: \/home/,
    ],
    [
      'leaves the root writable',
      weakBwrap('writable', `shift 2; exec ${BWRAP} --args 3 --tmpfs /data "$@"`),
      /read-only-root: \/data can be written/,
    ],
    [
      'passes the environment on',
      weakBwrap('environment', `shift 2; SECRET=1 exec ${BWRAP} --args 3 "$@"`),
      /empty-environment: the environment holds SECRET/,
    ],
    ['has an unlimited /tmp', weakBwrap('tmp', `shift 2; exec ${BWRAP} --args 3 --tmpfs /tmp "$@"`), /tmp:sized-tmpfs/],
  ])('refuses when bwrap %s', async (_, bwrapPath, why) => {
    const sandbox = new BubblewrapSandbox({ bwrapPath });
    const capabilities = await sandbox.probe();
    expect(capabilities).toMatchObject({ available: false, mechanisms: [], languages: [] });
    expect(capabilities.failures.join('; ')).toMatch(why);
    await expect(sandbox.run(ECHO)).rejects.toMatchObject({ code: 'SANDBOX_UNAVAILABLE' });
  });

  it.runIf(IS_ROOT && CAN_ISOLATE)(
    'brings a runtime within reach that lies in a closed folder, unless somebody else has prepared the place',
    async () => {
      const closed = join(folder, 'closed');
      mkdirSync(closed, { mode: 0o700 });
      const nodePath = join(closed, 'node');
      copyFileSync(process.execPath, nodePath);
      const runtimeFolder = join(folder, 'within-reach');
      const sandbox = new BubblewrapSandbox({ searchFolders: SEARCH_FOLDERS, nodePath, runtimeFolder });
      expect(await sandbox.probe()).toMatchObject({ available: true });
      expect((await sandbox.run(ECHO)).stdout).toBe('ran\n');
      const open = join(folder, 'open');
      mkdirSync(open);
      chmodSync(open, 0o777);
      expect(
        await new BubblewrapSandbox({ searchFolders: SEARCH_FOLDERS, nodePath, runtimeFolder: open }).probe(),
      ).toMatchObject({ available: false });
    },
  );

  it.runIf(IS_ROOT)('refuses to run as root', async () => {
    const capabilities = await new BubblewrapSandbox({ searchFolders: SEARCH_FOLDERS, uid: 0 }).probe();
    expect(capabilities).toMatchObject({ available: false, failures: [expect.stringContaining('root')] });
  });

  it.runIf(CAN_ISOLATE)('withdraws when a later probe fails, and comes back', async () => {
    const bwrapPath = join(folder, 'bwrap');
    copyFileSync(BWRAP, bwrapPath);
    const sandbox = new BubblewrapSandbox({ bwrapPath });
    expect((await sandbox.probe()).available).toBe(true);
    expect((await sandbox.run(ECHO)).stdout).toBe('ran\n');
    rmSync(bwrapPath);
    expect((await sandbox.probe()).available).toBe(false);
    await expect(sandbox.run(ECHO)).rejects.toMatchObject({ code: 'SANDBOX_UNAVAILABLE' });
    copyFileSync(BWRAP, bwrapPath);
    expect((await sandbox.probe()).available).toBe(true);
  });
});

describe.skipIf(!CAN_ISOLATE)('a proven sandbox', () => {
  const files = join(folder, 'mountable');
  const sandbox = new BubblewrapSandbox({
    fileRoots: [files],
    runsMax: 1,
    searchFolders: SEARCH_FOLDERS,
    runtimeFolder: join(folder, 'runtime'),
  });
  const read = (mounted: readonly SandboxFile[], path = '/data/table.csv'): Promise<SandboxResult> =>
    sandbox.run({ ...ECHO, code: `console.log(require('node:fs').readFileSync('${path}', 'utf8'))`, files: mounted });

  beforeAll(async () => {
    mkdirSync(join(files, 'deep'), { recursive: true });
    writeFileSync(join(files, 'table.csv'), 'a,b\n1,2\n', { mode: 0o600 });
    writeFileSync(join(files, 'deep', 'table.csv'), 'deep');
    writeFileSync(join(files, 'empty'), '');
    writeFileSync(join(folder, 'outside'), 'outside');
    symlinkSync('/etc/passwd', join(files, 'link'));
    symlinkSync(join(files, 'table.csv'), join(files, 'inner-link'));
    symlinkSync(join(files, 'deep'), join(files, 'folder-link'));
    execFileSync('/usr/bin/mkfifo', [join(files, 'fifo')]);
    expect((await sandbox.probe()).available).toBe(true);
  });

  it('shows a file of the runner, though the user of the sandbox could not read it, and keeps it as it is', async () => {
    const file = { name: 'table.csv', hostPath: join(files, 'table.csv') };
    expect((await read([file])).stdout).toBe('a,b\n1,2\n\n');
    const write = await sandbox.run({
      ...ECHO,
      code: "require('node:fs').writeFileSync('/data/table.csv', '')",
      files: [file],
    });
    expect(write).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/EROFS|EACCES/) });
    expect((await read([file, { name: 'empty', hostPath: join(files, 'empty') }], '/data/empty')).stdout).toBe('\n');
  });

  it('takes a file as large as the limit of files, beside the memory limit', async () => {
    const hostPath = join(files, 'large');
    writeFileSync(hostPath, Buffer.alloc(100 * 1_048_576, 'x'));
    const code = "console.log(require('node:fs').statSync('/data/large').size)";
    const result = await sandbox.run({
      language: 'javascript',
      code,
      files: [{ name: 'large', hostPath }],
      limits: { ...PROBE_LIMITS, memoryBytes: 67_108_864 },
    });
    expect(result).toMatchObject({ stdout: `${100 * 1_048_576}\n`, receipt: { killCause: 'none' } });
    linkSync(hostPath, join(files, 'large-2'));
    const both = ['large', 'large-2'].map((name) => ({ name, hostPath: join(files, name) }));
    await expect(read(both)).rejects.toMatchObject({ code: 'REQUEST_TOO_LARGE' });
  });

  it.each([
    ['a symlink out of the folder', 'link', 'REQUEST_INVALID'],
    ['a symlink within the folder', 'inner-link', 'REQUEST_INVALID'],
    ['a folder that is a symlink', 'folder-link/table.csv', 'REQUEST_INVALID'],
    ['a path that climbs out', '../outside', 'REQUEST_INVALID'],
    ['a folder', 'deep', 'REQUEST_INVALID'],
    ['a FIFO nobody writes to', 'fifo', 'REQUEST_INVALID'],
    ['a file that is not there', 'absent', 'NOT_FOUND'],
    ['a device', '../../../../../../dev/zero', 'REQUEST_INVALID'],
  ])('does not mount %s', async (_, path, code) => {
    await expect(read([{ name: 'table.csv', hostPath: join(files, path) }])).rejects.toMatchObject({ code });
  });

  it.each(['../x', '..', 'a/b', '', 'x'.repeat(129), 'a\0b'])(
    'does not take %j for the name of a file',
    async (name) => {
      await expect(read([{ name, hostPath: join(files, 'table.csv') }])).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
    },
  );

  it('refuses requests beyond the bounds', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    await expect(sandbox.run({ ...ECHO, input: cyclic })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(sandbox.run({ ...ECHO, code: ' '.repeat(2_000_000) })).rejects.toMatchObject({
      code: 'REQUEST_TOO_LARGE',
    });
    await expect(sandbox.run({ ...ECHO, limits: { ...PROBE_LIMITS, wallMs: -1 } })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  it('takes no more runs than it has slots', async () => {
    const first = sandbox.run(ECHO);
    await expect(sandbox.run(ECHO)).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect((await first).stdout).toBe('ran\n');
    expect((await sandbox.run(ECHO)).stdout).toBe('ran\n');
  });
});
