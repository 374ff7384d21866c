import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SignalboxClient } from '@signalbox/client';
import { provision } from '@signalbox/bus/provision';
import type { Instance } from '../../tools/stack/options.ts';
import { E2eMesh } from '../support/mesh.ts';
import { Chronicle, type Chapter } from './chronicle.ts';
import { definePlainWork, defineWork } from './definitions.ts';
import { Ledger } from './ledger.ts';
import './small-times.mjs';

/** A second one of each whose work another may take over. */
const INSTANCES: readonly Instance[] = [
  { name: 'router-2', service: 'router' },
  { name: 'tool-runner-2', service: 'tool-runner' },
];
const HOOKED = ['guard', 'router', 'router-2', 'inference', 'tool-runner', 'tool-runner-2', 'memory'];
/** Each seed kills several; the supervisor must not take that for a fault of theirs. */
const CRASHES_MAX = 1_000;
const ROUTER = { SIGNALBOX_LEASE_TTL_MS: '1500', SIGNALBOX_REDISPATCH_MS: '2000' };

export interface FaultMeshOptions {
  /** Loaded into single processes beside the fault points, by their name: paths of modules. */
  hooks?: Readonly<Record<string, string>>;
  /** Variables for single processes, by their name. */
  env?: Readonly<Record<string, Record<string, string>>>;
  instances?: readonly Instance[];
  /** Nothing but calls that workers carry out: for a release that knows no more. */
  plain?: boolean;
  onEntry?: (chapter: Chapter, entry: Chapter['entries'][number]) => void;
}

/** A mesh with two routers and two tool runners that can be struck at chosen points, an agent, and the world it writes into. */
export class FaultMesh {
  readonly mesh: E2eMesh;
  readonly ledger: Ledger;
  readonly chronicle: Chronicle;
  readonly client: SignalboxClient;
  readonly plain: boolean;
  readonly #orders: string;

  private constructor(parts: Pick<FaultMesh, 'mesh' | 'ledger' | 'chronicle' | 'client' | 'plain'>, orders: string) {
    this.mesh = parts.mesh;
    this.ledger = parts.ledger;
    this.chronicle = parts.chronicle;
    this.client = parts.client;
    this.plain = parts.plain;
    this.#orders = orders;
  }

  static async start(folder: string, options: FaultMeshOptions = {}): Promise<FaultMesh> {
    const orders = join(folder, 'orders');
    mkdirSync(orders, { recursive: true });
    const instances = options.instances ?? INSTANCES;
    const names = [...HOOKED, ...instances.map(({ name }) => name)];
    const env = Object.fromEntries(
      names.map((name) => [name, { ...environmentOf(name, orders, options.hooks?.[name]), ...options.env?.[name] }]),
    );
    const ledger = await Ledger.open();
    const mesh = await E2eMesh.start('faults', {
      stateDir: join(folder, 'state'),
      instances,
      env,
      crashesMax: CRASHES_MAX,
    });
    const access = { url: mesh.url('nats'), keysDir: mesh.stack.keysDir };
    await provision(access);
    await (options.plain === true ? definePlainWork : defineWork)(mesh, ledger.host);
    const chronicle = await Chronicle.open(
      access.url,
      join(access.keysDir, 'router'),
      options.onEntry ?? (() => undefined),
    );
    const plain = options.plain === true;
    return new FaultMesh({ mesh, ledger, chronicle, client: await mesh.client(), plain }, orders);
  }

  /** Where a process finds what is to happen to it. */
  orderFile(process: string): string {
    return join(this.#orders, `${process}.json`);
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.chronicle.close();
    await this.mesh.stop();
    this.ledger.close();
  }
}

function environmentOf(name: string, orders: string, hook: string | undefined): Record<string, string> {
  const hooks = [join(import.meta.dirname, 'fault-point.mjs'), ...(hook === undefined ? [] : [hook])];
  return {
    NODE_OPTIONS: hooks.map((path) => `--import=${path}`).join(' '),
    SIGNALBOX_FAULT_FILE: join(orders, `${name}.json`),
    ...(name.startsWith('router') ? ROUTER : {}),
  };
}
