import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SignalboxClient } from '@signalbox/client';
import { repositoryRoot } from '@signalbox/local-servers';
import { testFolder, waitFor } from '@signalbox/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, codeTool } from './support/definitions.ts';
import { type ArchivedRun } from './support/admin.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';
import { callThenQuote } from './support/sim.ts';

const COMMAND = join(repositoryRoot(), 'apps', 'cli', 'bin', 'signalbox.mjs');
/** A change that was answered is in force everywhere by then. */
const IN_FORCE_MS = 1_000;

let mesh: E2eMesh;
let client: SignalboxClient;
const folder = testFolder('policies');

beforeAll(async () => {
  mesh = await E2eMesh.start('policy');
  await mesh.define({ tools: [codeTool('compute', 'javascript')], agents: [agent('clerk', { tools: ['compute'] })] });
  client = await mesh.client();
});
afterAll(async () => {
  await client?.close();
  await mesh?.stop();
});

function signalbox(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const env = { ...process.env, SIGNALBOX_STATE_DIR: mesh.stack.stateDir };
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}
function file(name: string, text: string): string {
  const path = join(folder, `${name}.cedar`);
  writeFileSync(path, text);
  return path;
}
async function call(code: string): Promise<{ run: ArchivedRun; runId: string }> {
  const { runId } = await client.run({ agent: 'clerk', input: callThenQuote('compute', { code }) });
  return { runId, run: await mesh.admin.archived(TENANT, runId) };
}
const storyOf = ({ story }: ArchivedRun): string => story.map(({ text }) => text).join('\n');

describe('a Cedar policy put through the API', () => {
  it('permits one call and forbids another within a second, without a restart, and the story says why', async () => {
    const before = mesh.pids();
    expect((await call('console.log(1)')).run.run).toMatchObject({ toolCalls: 0, denied: 1 });
    await mesh.admin.define(TENANT, {
      policies: [
        {
          id: 'clerk-computes',
          description: '',
          text: '@reason("Printing harms nobody.") permit(principal == Agent::"clerk", action == Action::"call", resource == Tool::"compute") when { context.arguments.code like "console.log(*" };',
        },
        {
          id: 'no-loops',
          description: '',
          text: 'forbid(principal, action, resource == Tool::"compute") when { context.arguments.code like "*while*" };',
        },
      ],
    }); // prettier-ignore
    await pause(IN_FORCE_MS);
    const [permitted, forbidden, other] = await Promise.all(
      ['console.log(2)', 'console.log(3); while (true);', 'process.exit()'].map(call),
    );
    expect(permitted!.run.run).toMatchObject({ status: 'completed', toolCalls: 1, denied: 0 });
    expect(storyOf(permitted!.run)).toMatch(
      /Allowed \S+ compute .*permit by policy clerk-computes: .*Printing harms nobody\./,
    );
    // By the worker's own decision too: it ran.
    expect(permitted!.run.entries.map(({ kind }) => kind)).toContain('tool.completed.v1');
    expect(forbidden!.run.run).toMatchObject({ status: 'completed', toolCalls: 0, denied: 1 });
    expect(storyOf(forbidden!.run)).toMatch(
      /TOOL_DENIED: forbid by policy no-loops: Policy no-loops forbids compute for agent clerk\. \(bundle v\d+\)/,
    );
    expect(storyOf(other!.run)).toMatch(/TOOL_DENIED: default: /);
    for (const { runId } of [permitted!, forbidden!, other!])
      expect(await mesh.admin.verify(TENANT, runId)).toMatchObject({ ok: true });
    expect(mesh.pids()).toEqual(before);
  });
});

describe('a policy that asks', () => {
  it('lets exactly the call run that a person approved, at both places where it is decided', async () => {
    const text =
      '@approve @within("10m") permit(principal == Agent::"clerk", action == Action::"call", resource == Tool::"compute") when { context.arguments.code like "process.*" };';
    await mesh.admin.define(TENANT, { policies: [{ id: 'ask-first', description: '', text }] });
    await pause(IN_FORCE_MS);
    const code = 'process.stdout.write("approved")';
    const handle = await client.run({ agent: 'clerk', input: callThenQuote('compute', { code }) });
    const question = await waitFor(async () => (await handle.status().catch(() => null))?.question, {
      timeoutMs: 20_000,
      what: 'a question',
    });
    expect(question.question).toContain('Policy ask-first lets compute for agent clerk run once a person approves it.');
    await client.answer(handle.runId, question.questionId, 'approve');
    const found = await mesh.admin.archived(TENANT, handle.runId);
    expect(found.run).toMatchObject({ status: 'completed', toolCalls: 1, denied: 0 });
    expect(storyOf(found)).toMatch(
      /Allowed \S+ compute .*approval by policy ask-first: User first approved exactly this call\./,
    );
    expect(found.entries.map(({ kind }) => kind)).toContain('tool.completed.v1');
    expect(await mesh.admin.verify(TENANT, handle.runId)).toMatchObject({ ok: true });
  });
});

describe('a policy about starts', () => {
  it('lets users start what it permits and nothing else, and either story says why', async () => {
    const text = 'permit(principal == User::"first", action == Action::"start", resource == Agent::"clerk");';
    await mesh.define({ agents: [agent('guarded')] });
    await mesh.admin.define(TENANT, { policies: [{ id: 'first-starts', description: '', text }] });
    await pause(IN_FORCE_MS);
    const storyOfRun = async (name: string): Promise<string> => {
      const { runId } = await client.run({ agent: name, input: 'Good day.' });
      return storyOf(await mesh.admin.archived(TENANT, runId));
    };
    expect(await storyOfRun('clerk')).toMatch(/Accepted from user first .* Let in, permit by policy first-starts: /);
    expect(await storyOfRun('guarded')).toMatch(/^Refused at the gate, AGENT_DENIED: .* — default: .*\(bundle v\d+\)/);
  });
});

describe('signalbox policy', () => {
  it('validates, puts, shows, lists and removes, and says what is wrong and where', async () => {
    const good = file(
      'good',
      'forbid(principal, action, resource == Tool::"compute")\nwhen { context.arguments.code like "*import*" };\n',
    );
    const bad = file(
      'bad',
      'forbid(principal, action, resource == Tool::"compute")\nwhen { context.arguments.cod like "*" };\n',
    );
    expect(await signalbox('policy', 'validate', 'no-imports', bad)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /policies\/no-imports, text \(for calls of the tool compute\): 2:8: attribute `arguments.cod`/,
      ) as string,
    });
    expect(await signalbox('policy', 'validate', 'no-imports', good)).toMatchObject({
      exitCode: 0,
      stdout: 'no-imports is valid\n',
    });
    expect((await signalbox('policy', 'put', 'no-imports', good, '--description', 'No modules.')).exitCode).toBe(0);
    expect((await signalbox('policy', 'ls')).stdout).toMatch(/no-imports +forbid +v\d+ .*No modules\./);
    expect((await signalbox('policy', 'show', 'no-imports')).stdout).toContain(
      'context.arguments.code like "*import*"',
    );
    expect((await signalbox('policy', 'schema', 'compute')).stdout).toContain('code: __cedar::String');
    expect(await signalbox('policy', 'rm', 'no-imports')).toMatchObject({
      exitCode: 0,
      stdout: 'no-imports removed\n',
    });
    expect((await signalbox('policy', 'show', 'no-imports')).exitCode).toBe(1);
    expect((await signalbox('policy', 'put', 'no-imports')).exitCode).toBe(2);
    expect((await signalbox('policy', 'put', 'no-imports', join(folder, 'none'))).exitCode).toBe(2);
  });
});
