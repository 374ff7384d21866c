import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SignalboxClient } from '@signalbox/client';
import { repositoryRoot } from '@signalbox/local-servers';
import { testFolder, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, codeTool, permit } from './support/definitions.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';
import { callThenQuote } from './support/sim.ts';

const COMMAND = join(repositoryRoot(), 'apps', 'cli', 'bin', 'signalbox.mjs');
const TIMEOUT_MS = 60_000;
const LOOPS =
  'forbid(principal, action == Action::"call", resource == Tool::"compute") when { context.arguments.code like "*loop*" };';

let mesh: E2eMesh;
let client: SignalboxClient;
const folder = join(testFolder('changes'), 'policy');

beforeAll(async () => {
  mesh = await E2eMesh.start('changes');
  await mesh.define({
    tools: [codeTool('compute', 'javascript'), codeTool('other', 'javascript')],
    agents: [agent('clerk', { tools: ['compute', 'other'] })],
    rules: [permit('clerk-computes', ['clerk'], ['compute'])],
  });
  client = await mesh.client();
});
afterAll(async () => {
  await client?.close();
  await mesh?.stop();
});

interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}
function signalbox(...args: string[]): Promise<Ended> {
  const env = { ...process.env, SIGNALBOX_STATE_DIR: mesh.stack.stateDir };
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], { env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}
async function json<T>(...args: string[]): Promise<T> {
  const { stdout, stderr, exitCode } = await signalbox(...args, '--json');
  if (exitCode > 2 || stdout === '') throw new Error(`${args.join(' ')}: ${exitCode} ${stderr}`);
  return JSON.parse(stdout) as T;
}
async function call(tool: string, code: string): Promise<string> {
  const { runId } = await client.run({ agent: 'clerk', input: callThenQuote(tool, { code }) });
  await mesh.admin.archived(TENANT, runId);
  return runId;
}
function file(path: string, text: string): string {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
  return join(folder, path);
}

interface DryRun {
  decided: number;
  unchanged: number;
  changed: Record<string, number>;
  rows: { change: string; agent: string; tool: string; by: string[]; calls: number; runs: string[] }[];
  changedSince: number;
}

describe('a dry run', () => {
  it('tells which recorded calls a draft would decide otherwise, by agent, tool and policy, and no argument', async () => {
    const looping = [await call('compute', 'console.log("loop 1")'), await call('compute', 'console.log("loop 2")')];
    await call('compute', 'console.log("plain")');
    const denied = await call('other', 'console.log("anna.berg@example.com")');
    await signalbox('policy', 'draft', 'new', 'no loops', '--id', 'loops');
    await signalbox('policy', 'draft', 'put', 'loops', 'policies', 'no-loops', file('drafted/no-loops.cedar', LOOPS));
    const rule = permit('clerk-others', ['clerk'], ['other']);
    await signalbox(
      'policy',
      'draft',
      'put',
      'loops',
      'rules',
      'clerk-others',
      file('drafted/others.json', JSON.stringify(rule)),
    );
    rmSync(join(folder, 'drafted'), { recursive: true });

    const { decided, changed, rows } = await json<DryRun>('policy', 'dry-run', 'loops');
    expect(changed).toMatchObject({ 'newly denied': 2, 'newly permitted': 1, 'newly asking approval': 0 });
    expect(decided).toBeGreaterThanOrEqual(4);
    expect(rows).toMatchObject([
      { change: 'newly denied', agent: 'clerk', tool: 'compute', by: ['no-loops'], calls: 2 },
      { change: 'newly permitted', agent: 'clerk', tool: 'other', by: ['clerk-others'], calls: 1, runs: [denied] },
    ]);
    expect(rows[0]!.runs.toSorted()).toEqual(looping.toSorted());
    const { stdout } = await signalbox('policy', 'dry-run', 'loops');
    expect(stdout).toContain('2 newly denied, 1 newly permitted');
    expect(stdout).not.toMatch(/anna|console/);
  });

  it('looks at no more than it is asked to', async () => {
    const { decisions, ended } = await json<DryRun & { decisions: number; ended: string }>(
      'policy',
      'dry-run',
      'loops',
      '--decisions',
      '2',
    );
    expect([decisions, ended]).toEqual([2, 'enough']);
  });
});

describe('a draft in shadow', () => {
  it('changes nothing, and tells how live decisions would change', async () => {
    expect((await signalbox('policy', 'draft', 'shadow', 'loops')).exitCode).toBe(0);
    const shadowed = async (): Promise<boolean> => {
      await call('compute', 'console.log("loop 3")');
      return (await json<{ shadowed: number }>('policy', 'shadow')).shadowed > 0;
    };
    await waitFor(shadowed, { timeoutMs: TIMEOUT_MS, what: 'a decision beside the draft' });
    const ran = await mesh.admin.archived(TENANT, await call('compute', 'console.log("loop 4")'));
    expect(ran.run).toMatchObject({ toolCalls: 1, denied: 0 });
    const { draft, changed } = await json<DryRun & { draft: string }>('policy', 'shadow');
    expect(draft).toBe('loops');
    expect(changed['newly denied']).toBeGreaterThanOrEqual(2);
  });

  it('is in force once it is published, and in shadow no more', async () => {
    expect((await signalbox('policy', 'draft', 'publish', 'loops')).exitCode).toBe(0);
    const denied = async (): Promise<boolean> =>
      (await mesh.admin.archived(TENANT, await call('compute', 'console.log("loop 5")'))).run.denied === 1;
    await waitFor(denied, { timeoutMs: TIMEOUT_MS, what: 'the policy in force' });
    const shown = await json<{ draft: string | null; shadowed: number }>('policy', 'shadow');
    expect(shown).toMatchObject({ draft: null, shadowed: 0 });
  });
});

describe('policies as files', () => {
  it('are exported, and then there is no drift and nothing to apply', async () => {
    expect(await signalbox('policy', 'export', folder)).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(folder, 'policies', 'no-loops.cedar'), 'utf8')).toBe(LOOPS);
    expect(await signalbox('policy', 'drift', folder)).toMatchObject({ exitCode: 0 });
    const before = await json<{ version: number }[]>('policy', 'history');
    expect(await json('policy', 'apply', folder)).toMatchObject({ plan: [] });
    expect((await json<{ version: number }[]>('policy', 'history'))[0]).toEqual(before[0]);
  });

  it('are applied as one change, after a plan that changes nothing', async () => {
    rmSync(join(folder, 'policies', 'no-loops.cedar'));
    rmSync(join(folder, 'rules', 'clerk-others.json'));
    file(
      'rules/clerk-computes.json',
      JSON.stringify({ ...permit('clerk-computes', ['clerk'], ['compute']), description: 'From Git.' }),
    );
    file(
      'tests/loops.json',
      JSON.stringify({
        agent: 'clerk',
        tool: 'compute',
        arguments: { code: 'loop' },
        userId: 'u',
        expect: { outcome: 'permit' },
      }),
    );
    const drift = await signalbox('policy', 'drift', folder);
    expect(drift.exitCode).toBe(2);
    expect(drift.stdout).toMatch(/delete +policies\/no-loops/);
    const trial = await json<{ plan: object[]; valid: boolean }>('policy', 'apply', folder, '--prune', '--dry-run');
    expect(trial).toMatchObject({ valid: true });
    expect(trial.plan).toEqual(
      expect.arrayContaining([
        { kind: 'policies', id: 'no-loops', op: 'delete' },
        { kind: 'rules', id: 'clerk-computes', op: 'change' },
        { kind: 'tests', id: 'loops', op: 'create' },
      ]),
    );
    // Without --prune the policy stays, and the test of it fails: nothing is changed.
    expect((await signalbox('policy', 'apply', folder)).exitCode).toBe(1);
    expect((await signalbox('policy', 'apply', folder, '--prune')).exitCode).toBe(0);
    expect((await signalbox('policy', 'drift', folder)).exitCode).toBe(0);
    expect((await signalbox('policy', 'test')).stdout).toContain('1 of 1 passed');
  });

  it('are refused where they are none, by name', async () => {
    file('rule/misspelt.json', '{}');
    expect(await signalbox('policy', 'apply', folder)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('rule'),
    });
    rmSync(join(folder, 'rule'), { recursive: true });
    file('rules/broken.json', '{');
    expect(await signalbox('policy', 'apply', folder)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('broken.json'),
    });
    rmSync(join(folder, 'rules', 'broken.json'));
  });
});
