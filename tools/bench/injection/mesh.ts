import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BASE_RULES } from '@signalbox/contracts';
import { SignalboxClient } from '@signalbox/client';
import { testFolder, waitFor } from '@signalbox/testing';
import type { Stack } from '../../stack/options.ts';
import { startStack } from '../../stack/stack.ts';
import { type Definition, Definer } from './definitions.ts';
import { Plays } from './plays.ts';
import { type Scenario, type ScenarioAgent, ScenarioTool } from './scenario.ts';
import { type Bench, type Outcome, play } from './trial.ts';
import { startWorld, type World } from './world.ts';

const TENANT = 'bench';
const SERVICES = ['policy', 'guard', 'memory', 'audit', 'inference', 'tool-runner', 'router'] as const;
const IN_FORCE_MS = 60_000;
/** Scenarios that are played at once. */
const AT_ONCE = 24;
const PROBE = { name: 'probe', effect: 'pure', source: 'trusted', sensitivity: [], egress: false };
/** Until those of a round that is killed are all at work, ms. */
const HELD_MS = 30_000;

export interface BenchMeshOptions {
  print: (line: string) => void;
}

/** The real mesh with a world outside of it that obeys whoever speaks last. */
export class InjectionMesh {
  readonly #plays = new Plays();
  readonly #folder = testFolder('injection');
  readonly #print: (line: string) => void;
  #world!: World;
  #definer!: Definer;
  #stack!: Stack;
  #client!: SignalboxClient;
  #probes = 0;

  private constructor({ print }: BenchMeshOptions) {
    this.#print = print;
  }

  static async start(scenarios: readonly Scenario[], options: BenchMeshOptions): Promise<InjectionMesh> {
    const mesh = new InjectionMesh(options);
    try {
      await mesh.#start(scenarios);
      return mesh;
    } catch (error) {
      await mesh.stop();
      throw error;
    }
  }

  /** Plays all; those that kill a service come last and together. */
  async play(scenarios: readonly Scenario[]): Promise<Outcome[]> {
    const calm = scenarios.filter(({ kills }) => !kills);
    const killing = scenarios.filter(({ kills }) => kills);
    const outcomes = await this.#playAll(calm);
    if (killing.length === 0) return outcomes;
    const playing = this.#playAll(killing);
    await this.#killRouter(killing.length);
    return [...outcomes, ...(await playing)];
  }

  /** Waives the rules of the mesh for every agent: what then happens is up to the model. */
  async goWithoutBaseRules(): Promise<void> {
    const agents = this.#definer.all().flatMap(([kind, id]) => (kind === 'agents' ? [id] : []));
    for (const rule of BASE_RULES) {
      const id = rule.replace('.', '-');
      await this.#put(['waivers', id, { id, rule, agents, reason: 'The bench shows what happens without it.' }]);
    }
    await this.#inForce();
  }

  async stop(): Promise<void> {
    await this.#client?.close();
    await this.#stack?.stop();
    await this.#world?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #playAll(scenarios: readonly Scenario[]): Promise<Outcome[]> {
    const bench: Bench = { client: this.#client, plays: this.#plays, definer: this.#definer };
    const outcomes: Outcome[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let at = next++; at < scenarios.length; at = next++) {
        outcomes[at] = await play(bench, scenarios[at]!);
        if ((at + 1) % 100 === 0) this.#print(`  ${at + 1} of ${scenarios.length} scenarios`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return outcomes;
  }

  async #killRouter(scenarios: number): Promise<void> {
    const held = (): boolean => this.#world.held.length >= scenarios;
    await waitFor(held, { timeoutMs: HELD_MS, what: `${scenarios} scenarios at work` });
    await this.#stack.kill('router', 'SIGKILL');
    await this.#stack.whenUp('router');
    this.#world.release();
  }

  async #start(scenarios: readonly Scenario[]): Promise<void> {
    this.#world = await startWorld(this.#plays);
    const { port } = this.#world;
    this.#definer = new Definer(port);
    for (const scenario of scenarios) this.#definer.add(scenario);
    this.#stack = await startStack({
      stateDir: join(this.#folder, 'state'),
      ports: 'free',
      durable: false,
      services: SERVICES,
      tenants: [TENANT],
      env: { inference: { SIGNALBOX_PROVIDER_URL: `http://127.0.0.1:${port}/v1` } },
      print: (line) => /level|warn|error/i.test(line) && this.#print(`  ${line}`),
    });
    for (const definition of this.#definer.all()) await this.#put(definition);
    this.#client = await SignalboxClient.connect({
      url: this.#stack.urls['nats']!,
      tenant: TENANT,
      key: this.#secret(`api-key-${TENANT}.key`),
      nkeySeed: this.#secret(`tenant-${TENANT}.nk`),
      timeoutMs: 20_000,
    });
    await this.#inForce();
  }

  /** Until guard, router and tool-runner decide by the newest definition: a run of it went all the way. */
  async #inForce(): Promise<void> {
    const probe: ScenarioAgent = {
      id: `probe-${++this.#probes}`,
      instructions: '',
      tools: [{ ...ScenarioTool.parse(PROBE), name: `probe${this.#probes}` }],
    };
    const behind = new Map<string, ScenarioAgent>();
    for (const definition of this.#definer.add({ agent: probe, behind })) await this.#put(definition);
    const works = async (): Promise<boolean> => {
      const calls = this.#definer.bind(probe, [{ tool: probe.tools[0]!.name, arguments: {} }], behind);
      const handle = await this.#client.run({ agent: this.#definer.agentId(probe), input: 'Are you there?' });
      this.#plays.begin(handle.runId, { calls, say: 'Yes.' });
      await handle.result();
      return this.#plays.timesReached(calls[0]!) > 0;
    };
    await waitFor(works, { timeoutMs: IN_FORCE_MS, what: 'the definitions to be in force everywhere' });
  }

  #secret(file: string): string {
    return readFileSync(join(this.#stack.keysDir, 'cli', file), 'utf8').trim();
  }

  async #put([kind, id, definition]: Definition): Promise<void> {
    const url = `${this.#stack.urls['policy']}/admin/v1/tenants/${TENANT}/${kind}/${id}`;
    const headers = { authorization: `Bearer ${this.#secret('admin.token')}`, 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(definition) });
    if (!response.ok) throw new Error(`${kind}/${id}: ${response.status} ${await response.text()}`);
  }
}
