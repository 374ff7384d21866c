import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, testFolder, waitFor } from '@signalbox/testing';
import { machineMs, processorMs } from '../runs/processor-time.ts';
import type { Stack } from '../../stack/options.ts';
import { type ServiceName, SERVICES } from '../../stack/services.ts';
import { startStack } from '../../stack/stack.ts';
import { define } from './definitions.ts';
import { HelperProcess } from './helper-process.ts';
import { Inspector } from './inspector.ts';
import { AGENT, type Latency, type LoadReport, type Plan, type Progress } from './plan.ts';
import type { Held, Simulated } from './simulators.ts';

export const TENANT = 'bench';
const IN_FORCE_MS = 30_000;
const IDLE_MS = 3_000;
/** The bench's own simulators take the place of the mesh's. */
const STARTED = SERVICES.filter((name) => name !== 'simulator');
const PARTS = ['nats', 'postgres', ...STARTED] as const;

export interface Window {
  report: LoadReport;
  simulated: Simulated;
  /** Added latency by run id, ms: end to end less what the provider and the tool took. */
  addedMs: Map<string, number>;
  /** Processor time by part of the mesh, ms. */
  cpuMs: Record<string, number>;
  /** Of everything else on this machine, ms. */
  othersCpuMs: number;
}

interface MeshOptions {
  /** Services whose inspector is open. */
  inspect: readonly ServiceName[];
  /** Another built clone whose services are started. */
  root: string | undefined;
}

/** The whole mesh as `npm start` starts it, the world around it, and the load: everything a phase needs. */
export class BenchMesh {
  readonly #inspectorPorts = new Map<ServiceName, number>();
  #stack!: Stack;
  #simulators!: HelperProcess;
  #load!: HelperProcess;
  /** Of the plan that is being played. */
  progress: Progress = { asked: 0, ended: 0, open: 0 };
  readonly #folder = testFolder('concurrency');

  readonly #say: (line: string) => void;

  private constructor(say: (line: string) => void) {
    this.#say = say;
  }

  static async start(say: (line: string) => void, options: MeshOptions): Promise<BenchMesh> {
    const mesh = new BenchMesh(say);
    try {
      await mesh.#start(options);
      return mesh;
    } catch (error) {
      await mesh.stop();
      throw error;
    }
  }

  get stack(): Stack {
    return this.#stack;
  }

  /** Plays a plan against a world that answers after these times. */
  async play(plan: Plan, latency: Latency, during?: () => Promise<void>): Promise<Window> {
    await this.#simulators.ask({ set: latency });
    await this.#simulators.ask({ take: true });
    this.progress = { asked: 0, ended: 0, open: 0 };
    const before = { parts: this.#cpu(), machine: machineMs() };
    const playing = this.#load.ask<LoadReport>(plan);
    await Promise.all([playing, during?.()]);
    const report = await playing;
    const after = { parts: this.#cpu(), machine: machineMs() };
    const simulated = await this.#simulators.ask<Simulated>({ take: true });
    const cpuMs = Object.fromEntries(PARTS.map((part) => [part, after.parts[part]! - before.parts[part]!]));
    const known = Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0) + report.cpuMs + simulated.cpuMs;
    const outside = new Map(simulated.took);
    const addedMs = new Map(report.records.map(({ runId, tookMs }) => [runId, tookMs - (outside.get(runId) ?? 0)]));
    return { report, simulated, addedMs, cpuMs, othersCpuMs: after.machine - before.machine - known };
  }

  /** Runs whose call is held by the world outside, or was. Not while a plan begins or ends. */
  held(): Promise<Held> {
    return this.#simulators.ask<Held>({ held: true });
  }

  /** Cores that the mesh takes while nobody asks for anything. */
  async idleCores(): Promise<number> {
    const before = this.#cpu();
    await pause(IDLE_MS);
    const after = this.#cpu();
    return PARTS.reduce((sum, part) => sum + after[part]! - before[part]!, 0) / IDLE_MS;
  }

  /** Resident memory of a part of the mesh, bytes. */
  rssBytes(name: string): number {
    return this.#stack
      .report()
      .filter((process) => process.name === name)
      .reduce((sum, { rssBytes }) => sum + rssBytes, 0);
  }

  /** What lives on the heap of an inspected service after a full collection, bytes. */
  async liveBytes(name: ServiceName): Promise<number> {
    const inspector = await Inspector.open(this.#inspectorPorts.get(name) ?? 0);
    try {
      return await inspector.liveBytes();
    } finally {
      inspector.close();
    }
  }

  /** Profiles every inspected service while the work goes on; one file each. */
  async profiled(folder: string, work: () => Promise<void>): Promise<void> {
    mkdirSync(folder, { recursive: true });
    const open = await Promise.all(
      [...this.#inspectorPorts].map(async ([name, port]) => [name, await Inspector.open(port)] as const),
    );
    await Promise.all(open.map(([, inspector]) => inspector.startProfile()));
    await work();
    for (const [name, inspector] of open) {
      writeFileSync(join(folder, `${name}.cpuprofile`), await inspector.endProfile());
      inspector.close();
    }
  }

  async stop(): Promise<void> {
    await this.#load?.stop();
    await this.#stack?.stop();
    await this.#simulators?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #cpu(): Record<string, number> {
    const ms = (part: string): number => {
      const pid = this.#stack.pid(part);
      return pid === null ? 0 : processorMs([pid]);
    };
    return Object.fromEntries(PARTS.map((part) => [part, ms(part)]));
  }

  async #start({ inspect, root }: MeshOptions): Promise<void> {
    this.#simulators = await HelperProcess.start(join(import.meta.dirname, 'simulators.ts'));
    const port = await this.#simulators.ask<number>({ set: { providerMs: 20, toolMs: 5 } });
    for (const name of inspect) this.#inspectorPorts.set(name, await freePort());
    const inspected = [...this.#inspectorPorts].map(([name, at]): [ServiceName, Record<string, string>] => [
      name,
      { NODE_OPTIONS: `--inspect=127.0.0.1:${at}` },
    ]);
    const env: Partial<Record<ServiceName, Record<string, string>>> = Object.fromEntries(inspected);
    env.inference = { ...env.inference, SIGNALBOX_PROVIDER_URL: `http://127.0.0.1:${port}/v1` };
    this.#stack = await startStack({
      stateDir: join(this.#folder, 'state'),
      ports: 'free',
      services: STARTED,
      tenants: [TENANT],
      env,
      ...(root === undefined ? {} : { appsDir: join(root, 'apps') }),
      print: (line) => /level|warn|error/i.test(line) && this.#say(`  ${line}`),
    });
    await define(this.#stack, TENANT, port);
    this.#load = await HelperProcess.start(join(import.meta.dirname, 'load.ts'), {
      BENCH_NATS_URL: this.#stack.urls['nats'] ?? '',
      BENCH_GATEWAY_URL: this.#stack.urls['gateway'] ?? '',
      BENCH_KEYS_DIR: this.#stack.keysDir,
      BENCH_TENANT: TENANT,
    });
    this.#load.onProgress = (told) => {
      this.progress = told as Progress;
      const { asked, ended, open } = this.progress;
      this.#say(`    asked ${asked}, ended ${ended}, open ${open}`);
    };
    await this.#inForce();
  }

  /** Until every service decides by the definitions: a run went all the way. */
  async #inForce(): Promise<void> {
    const one: Plan = { agent: AGENT, httpShare: 0, settleMs: 5_000, kind: 'burst', runs: 1 };
    const works = async (): Promise<boolean> =>
      (await this.#load.ask<LoadReport>(one)).records[0]?.status === 'completed';
    await waitFor(works, { timeoutMs: IN_FORCE_MS, what: 'the definitions to be in force everywhere' });
  }
}
