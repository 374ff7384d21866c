import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { queryOnce, repositoryRoot } from '@signalbox/local-servers';
import { testFolder, unpackRun, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, codeTool, permit } from './support/definitions.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';
import { callThenQuote, simScript } from './support/sim.ts';

const COMMAND = join(repositoryRoot(), 'apps', 'cli', 'bin', 'signalbox.mjs');
const TIMEOUT_MS = 60_000;
const EMAIL = 'anna.berg@example.com';

let mesh: E2eMesh;

beforeAll(async () => {
  mesh = await E2eMesh.start('cli');
  await mesh.define({
    tools: [codeTool('compute', 'python'), codeTool('forbidden', 'python')],
    agents: [agent('helper', { tools: ['compute', 'forbidden'] })],
    rules: [permit('helper-computes', ['helper'], ['compute'])],
  });
});

afterAll(() => mesh?.stop());

interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs the built command as a shell would. */
function signalbox(...args: string[]): Promise<Ended> {
  return signalboxOn(mesh.stack.stateDir, ...args);
}

function signalboxOn(stateDir: string, ...args: string[]): Promise<Ended> {
  const env = { ...process.env, SIGNALBOX_STATE_DIR: stateDir };
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], { env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

interface RunView {
  runId: string;
  status: string;
}

async function ask(input: string, ...options: string[]): Promise<RunView & Record<string, unknown>> {
  const { stdout } = await signalbox('run', '--agent', 'helper', '--json', ...options, input);
  const view = JSON.parse(stdout) as RunView & Record<string, unknown>;
  await mesh.admin.archived(TENANT, view.runId);
  return view;
}

describe('signalbox run', () => {
  it('prints the answer with the person’s data, the cost, and that it is simulated', async () => {
    const text = `Dear Anna Berg, I wrote to ${EMAIL}.`;
    const { exitCode, stdout, stderr } = await signalbox(
      'run',
      '--agent',
      'helper',
      '--name',
      'Anna Berg',
      simScript([{ text }]),
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.startsWith(`${text}\n`)).toBe(true);
    expect(stdout).toMatch(/\(run_0\d_\w{26} completed, \$0\.\d+, simulated model\)\n$/);
  });

  it('gives the whole view as JSON, and keeps a session', async () => {
    expect(await ask(simScript([{ text: 'First.' }]), '--session', 's1')).toMatchObject({
      status: 'completed',
      output: 'First.',
    });
    const second = await ask('And then?', '--session', 's1');
    const { entries } = await mesh.admin.archived(TENANT, second.runId);
    const loaded = entries.find(({ kind }) => kind === 'session.loaded.v1');
    expect(loaded?.body['messages']).toMatchObject([{ role: 'user' }, { role: 'assistant', content: 'First.' }]);
  });

  it('exits 1 with the code when the run fails or is refused', async () => {
    const failed = await signalbox('run', '--agent', 'helper', simScript([{ fail: 400 }]));
    expect(failed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('PROVIDER_REJECTED') as string });
    const refused = await signalbox('run', '--agent', 'nobody', 'Hello.');
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('AGENT_UNKNOWN') as string });
  });
});

describe('signalbox runs', () => {
  it('lists the newest, and shows what happened in one and why', async () => {
    const steps = [
      {
        tools: [
          { name: 'compute', arguments: { code: 'print(1)' } },
          { name: 'forbidden', arguments: { code: '2' } },
        ],
      },
      { text: 'Done.' },
    ];
    const { runId } = await ask(simScript(steps));
    const list = await signalbox('runs', 'ls', '--limit', '3');
    expect(list.exitCode).toBe(0);
    expect(list.stdout.split('\n')[1]).toMatch(new RegExp(`^${runId} +completed +helper`));
    expect(list.stdout.trim().split('\n')).toHaveLength(4);
    const asJson = JSON.parse((await signalbox('runs', 'ls', '--json')).stdout) as RunView[];
    expect(asJson.map((run) => run.runId)).toContain(runId);
    const shown = await signalbox('runs', 'show', runId);
    expect(shown.exitCode).toBe(0);
    for (const word of ['guard', 'router', 'inference', 'tool-runner', 'helper-computes', 'forbidden']) {
      expect(shown.stdout, word).toContain(word);
    }
  });

  it('replays one: how it came about, and as it stood at an entry or after a step', async () => {
    const { runId } = await ask(callThenQuote('compute', { code: 'print("the sum is " + str(6 * 7))' }));
    const shown = await signalbox('runs', 'replay', runId);
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toMatch(new RegExp(`^${runId}  completed  helper  to its last entry\n2 of \\d+ steps, `));
    expect(shown.stdout).toMatch(/^ *\d+ +\+\d+\.\d{3} s +tool-runner +tool\.completed call_1_0 +running +1 +0 /m);
    expect(shown.stdout).toMatch(/^ +1 +call_1_0 +compute +completed +1 .*the sum is 42/m);
    interface Replayed {
      frames: { seq: number; what: string; costNanoUsd: number }[];
      view: { status: string; costNanoUsd: number };
      steps: { calls: { status: string; result: string }[] }[];
    }
    const read = async (...options: string[]): Promise<Replayed> =>
      JSON.parse((await signalbox('runs', 'replay', runId, '--json', ...options)).stdout) as Replayed;
    const whole = await read();
    const asked = whole.frames.find(({ what }) => what === 'tool.requested call_1_0')!;
    const then = await read('--to', String(asked.seq));
    expect(then.steps[0]!.calls).toMatchObject([{ status: 'requested', result: '' }]);
    expect(then.view).toMatchObject({ status: 'running', costNanoUsd: asked.costNanoUsd });
    expect(asked.costNanoUsd).toBeLessThan(whole.view.costNanoUsd);
    expect((await read('--step', '1')).steps).toMatchObject([{ calls: [{ status: 'completed' }] }]);
    expect(await signalbox('runs', 'replay', runId, '--step', '9')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('The run has 2 steps') as string,
    });
    for (const wrong of [
      ['--to', 'x'],
      ['--to', '1', '--step', '1'],
    ])
      expect((await signalbox('runs', 'replay', runId, ...wrong)).exitCode).toBe(2);
  });

  it('cancels one that hangs', async () => {
    const client = await mesh.client();
    const { runId } = await client.run({ agent: 'helper', input: simScript([{ hang: true }]) });
    expect(await signalbox('runs', 'cancel', runId)).toMatchObject({ exitCode: 0, stdout: `${runId} cancelled\n` });
    await client.close();
  });

  it('says of an unknown run that it is unknown', async () => {
    const runId = `run_00_${'0'.repeat(26)}`;
    expect(await signalbox('runs', 'show', runId)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('RUN_UNKNOWN') as string,
    });
  });
});

describe('signalbox cost', () => {
  it.each([
    ['agent', 'helper'],
    ['model', 'default'],
    ['user', ''],
  ])('by %s adds up what was spent', async (by, key) => {
    await ask(simScript([{ text: 'Costs little.' }]));
    const { exitCode, stdout } = await signalbox('cost', '--by', by, '--json');
    expect(exitCode).toBe(0);
    const rows = JSON.parse(stdout) as { key: string; runs: number; costNanoUsd: number }[];
    const row = key ? rows.find((candidate) => candidate.key === key) : rows[0];
    expect(row?.runs).toBeGreaterThan(0);
    expect(row?.costNanoUsd).toBeGreaterThan(0);
    expect((await signalbox('cost', '--by', by)).stdout).toContain('$0.');
  });
});

describe('signalbox letters', () => {
  it('lists what could not be handled, shows it cleaned, and replays or discards it', async () => {
    const { id, key } = await mesh.admin.createKey(TENANT, 'short-lived');
    const client = await mesh.client({ key });
    await waitFor(() => client.agents(), { what: 'the key to be in force' });
    await mesh.admin.removeKey(TENANT, id);
    const gone = async (): Promise<boolean> =>
      client.agents().then(
        () => false,
        () => true,
      );
    await waitFor(gone, { what: 'the key to be gone' });
    await client.run({ agent: 'helper', input: `Write to ${EMAIL}.` });
    await client.close();
    const list = async (): Promise<{ id: string; code: string }[]> =>
      JSON.parse((await signalbox('letters', 'list', '--zone', 'gate', '--json')).stdout) as [];
    const [letter] = await waitFor(
      async () => {
        const found = await list();
        return found.length > 0 && found;
      },
      { timeoutMs: TIMEOUT_MS, what: 'the dead letter' },
    );
    expect(letter).toMatchObject({ code: 'KEY_INVALID' });
    const shown = await signalbox('letters', 'show', letter!.id);
    expect(shown.stdout).toContain('Write to [EMAIL].');
    expect(shown.stdout).not.toContain(EMAIL);
    const replayed = await signalbox('letters', 'replay', letter!.id);
    expect(replayed).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('KEY_INVALID') as string });
    const discarded = await signalbox('letters', 'discard', '--all', '--zone', 'gate', '--by', 'ops');
    expect(discarded).toMatchObject({ exitCode: 0, stdout: `${letter!.id}  discarded\n` });
    expect(await list()).toEqual([]);
    expect((await signalbox('letters', 'replay')).exitCode).toBe(2);
    expect((await signalbox('letters', 'replay', '--all', letter!.id)).exitCode).toBe(2);
  });
});

describe('signalbox limits', () => {
  it('shows them, sets those that are named, and takes them back', async () => {
    expect(JSON.parse((await signalbox('limits', 'show', '--json')).stdout)).toEqual({});
    const set = await signalbox('limits', 'set', '--concurrent-runs', '8', '--weight', '2');
    expect(set).toMatchObject({ exitCode: 0, stderr: '' });
    expect(set.stdout).toMatch(/^concurrentRunsMax +8$/m);
    const more = await signalbox('limits', 'set', '--open-runs', '90', '--weight', 'none', '--json');
    expect(JSON.parse(more.stdout)).toEqual({ concurrentRunsMax: 8, openRunsMax: 90 });
    expect((await signalbox('limits', 'set', '--weight', '0')).exitCode).toBe(1);
    for (const wrong of [['set'], ['show', '--weight', '1'], ['set', '--weight', 'much'], []])
      expect((await signalbox('limits', ...wrong)).exitCode).toBe(2);
    await signalbox('limits', 'set', '--open-runs', 'none', '--concurrent-runs', 'none');
    expect(JSON.parse((await signalbox('limits', 'show', '--json')).stdout)).toEqual({});
  });
});

describe('signalbox audit verify', () => {
  const unpack = (runId: string): Promise<void> =>
    unpackRun((text, values) => queryOnce(mesh.stack.adminUrl, text, values), runId, 'audit.');

  it('holds for one run and for all, and breaks when a row of the archive is altered', async () => {
    // A word that no hash, seal or time in the same bytes holds by chance, and one as long.
    const { runId } = await ask(callThenQuote('compute', { code: 'print("the sum " + "is right")' }));
    expect(await signalbox('audit', 'verify', runId)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('1 verified, 0 broken') as string,
    });
    expect((await signalbox('audit', 'verify')).exitCode).toBe(0);
    await unpack(runId);
    const alter = (from: string, to: string): Promise<object[]> =>
      queryOnce(
        mesh.stack.adminUrl,
        `update audit.chunks set bytes = convert_to(replace(convert_from(bytes, 'utf8'), $2, $3), 'utf8')
         where run_id = $1 and convert_from(bytes, 'utf8') like '%tool.completed.v1%' returning first_seq`,
        [runId, from, to],
      );
    expect(await alter('the sum is right', 'the sum is wrong')).toHaveLength(1);
    const broken = await signalbox('audit', 'verify', runId);
    expect(broken).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('BROKEN') as string });
    expect(await signalbox('audit', 'verify')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(runId) as string,
    });
    await alter('the sum is wrong', 'the sum is right');
    expect((await signalbox('audit', 'verify', runId)).exitCode).toBe(0);
  });

  it('shows what of a decision is not as the rules give it', async () => {
    const { runId } = await ask(simScript([{ text: 'As it was said.' }]));
    await unpack(runId);
    const alter = (from: string, to: string): Promise<object[]> =>
      queryOnce(
        mesh.stack.adminUrl,
        `update audit.chunks set bytes = convert_to(regexp_replace(convert_from(bytes, 'utf8'), $2, $3), 'utf8')
         where run_id = $1 and convert_from(bytes, 'utf8') ~ $2 returning first_seq`,
        [runId, `("output": ?")${from}`, `\\1${to}`],
      );
    expect(await alter('As it was said', 'As it was told')).toHaveLength(1);
    const broken = await signalbox('audit', 'verify', runId);
    expect(broken.exitCode).toBe(1);
    expect(broken.stdout).toContain(
      '  run.completed /output\n    journal  "As it was told."\n    rules    "As it was said."\n',
    );
    const [verdict] = JSON.parse((await signalbox('audit', 'verify', runId, '--json')).stdout) as object[];
    expect(verdict).toMatchObject({
      ok: false,
      differences: [
        { rows: [{ event: 'run.completed', journal: '"As it was told."', rules: '"As it was said."' }], more: 0 },
      ],
    });
    expect((await signalbox('audit', 'verify')).stdout).toContain('signalbox audit verify <run>');
    await alter('As it was told', 'As it was said');
    expect((await signalbox('audit', 'verify', runId)).exitCode).toBe(0);
  });

  it('breaks when an entry is missing', async () => {
    const { runId } = await ask(simScript([{ text: 'Whole.' }]));
    const { entries } = await mesh.admin.archived(TENANT, runId);
    const lost = entries.find(({ kind }) => kind === 'model.completed.v1')!;
    await unpack(runId);
    await queryOnce(
      mesh.stack.adminUrl,
      `update audit.chunks set seqs = seqs[: at - 1] || seqs[at + 1 :], sizes = sizes[: at - 1] || sizes[at + 1 :],
         bytes = substring(bytes for before) || substring(bytes from before + 1 + sizes[at])
       from (
         select first_seq as "of", at, coalesce((select sum(size) from unnest(sizes[: at - 1]) as size), 0)::integer as before
         from audit.chunks, array_position(seqs, $2::bigint) as at where run_id = $1 and at is not null) as found
       where run_id = $1 and first_seq = "of"`,
      [runId, lost.seq],
    );
    expect(await signalbox('audit', 'verify', runId)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('BROKEN') as string,
    });
  });
});

describe('signalbox status', () => {
  it('names every process, and exits 1 while one is down', async () => {
    const { exitCode, stdout } = await signalbox('status');
    expect(exitCode).toBe(0);
    for (const name of ['nats', 'postgres', 'gateway', 'guard', 'router'])
      expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
    expect(stdout).not.toContain('DOWN');
    const rows = JSON.parse((await signalbox('status', '--json')).stdout) as {
      name: string;
      pid: number;
      alive: boolean;
    }[];
    expect(rows.find(({ name }) => name === 'gateway')).toMatchObject({ pid: mesh.stack.pid('gateway'), alive: true });
    await mesh.stack.stopService('simulator');
    const down = await waitFor(
      async () => {
        const ended = await signalbox('status');
        return ended.exitCode === 1 && ended;
      },
      { timeoutMs: TIMEOUT_MS, what: 'the stopped process to show' },
    );
    expect(down.stdout).toMatch(/^simulator .*DOWN/m);
    await mesh.stack.startService('simulator');
  });
});

describe('a call that is wrong', () => {
  it.concurrent.each([
    [['dance']],
    [['run']],
    [['run', '--loud', 'Hello.']],
    [['runs']],
    [['runs', 'show']],
    [['runs', 'dance', `run_00_${'0'.repeat(26)}`]],
    [['runs', 'answer', `run_00_${'0'.repeat(26)}`, 'q', 'maybe']],
    [['audit']],
    [['audit', 'forge']],
  ])('%j exits 2 and says how', async (args) => {
    const { exitCode, stdout, stderr } = await signalbox(...args);
    expect(exitCode).toBe(2);
    expect(stdout + stderr).not.toContain('at file:');
    expect((stdout + stderr).length).toBeGreaterThan(10);
  });

  it.concurrent.each([
    [['cost', '--by', 'weather']],
    [['runs', 'ls', '--limit', 'many']],
    [['runs', 'show', 'nonsense']],
    [['run', '--tenant', 'nobody', 'Hello.']],
    [['runs', 'ls', '--tenant', '../demo']],
  ])('%j is an error without a stack trace', async (args) => {
    const { exitCode, stderr } = await signalbox(...args);
    expect([1, 2]).toContain(exitCode);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr.trim().split('\n').length).toBeLessThan(4);
  });

  it.concurrent('without a mesh says how to start one', async () => {
    expect(await signalboxOn(testFolder('empty'), 'status')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('npm start') as string,
    });
  });

  it.concurrent('--help exits 0', async () => {
    expect(await signalbox('--help')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('signalbox run') as string,
    });
  });
});
