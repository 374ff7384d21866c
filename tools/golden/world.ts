import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Bus, type RawEntry } from '@signalbox/bus';
import type { JournalBody, JournalKind, RunLimits, ServiceName } from '@signalbox/contracts';
import type { RunHandle, SignalboxClient } from '@signalbox/client';
import { foldJournal, isClosed } from '@signalbox/run-engine';
import { agent, httpTool, permit } from '../../e2e/support/definitions.ts';
import { E2eMesh, TENANT } from '../../e2e/support/mesh.ts';
import { simScript, type SimStep } from '../../e2e/support/sim.ts';
import { COMPOSED_DEFINITIONS } from './composed-scenes.ts';
import { governedDefinitions } from './governed-scenes.ts';
import { WAITING_DEFINITIONS } from './waiting-scenes.ts';

const END_TIMEOUT_MS = 90_000;
const DRAIN_MS = 1_000;

/** A mesh with agents and tools that do what a scene needs, and a way to read what became of it. */
export class GoldenWorld {
  readonly mesh: E2eMesh;
  readonly client: SignalboxClient;
  readonly #asked = new Map<string, number>();
  readonly #server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    const nth = (this.#asked.get(path) ?? 0) + 1;
    this.#asked.set(path, nth);
    // The first time, nobody knows what became of it.
    if (path.startsWith('/lost') && nth === 1) return void request.socket.destroy();
    response.end('noted');
  });
  readonly #buses = new Map<ServiceName, Bus>();

  private constructor(mesh: E2eMesh, client: SignalboxClient) {
    this.mesh = mesh;
    this.client = client;
  }

  static async open(): Promise<GoldenWorld> {
    const mesh = await E2eMesh.start('golden');
    const world = new GoldenWorld(mesh, await mesh.client());
    await new Promise<void>((resolve) => world.#server.listen(0, '127.0.0.1', resolve));
    const tools = ['look', 'put', 'send', 'glance', 'forbidden'];
    await mesh.define({
      tools: [
        httpTool('look', world.#host, { effect: 'pure' }),
        httpTool('glance', world.#host, { effect: 'pure', limits: { wallMs: 100 } }),
        httpTool('put', world.#host, { effect: 'idempotent' }),
        httpTool('send', world.#host, { effect: 'unsafe' }),
        httpTool('forbidden', world.#host, { effect: 'pure' }),
      ],
      agents: [
        agent('worker', { tools }),
        agent('rogue', { tools: ['look'] }),
        agent('counter', {
          output: {
            schema: { type: 'object', properties: { total: { type: 'integer' } }, required: ['total'] },
            repairsMax: 1,
          },
        }),
      ],
      rules: [
        permit('worker-works', ['worker'], ['look', 'put', 'send', 'glance']),
        permit('rogue-looks', ['rogue'], ['look']),
      ],
    });
    for (const definitions of COMPOSED_DEFINITIONS) await mesh.define(definitions);
    await mesh.define(governedDefinitions(world.#host));
    await mesh.define(WAITING_DEFINITIONS);
    return world;
  }

  /** The server that the tools reach. */
  get url(): string {
    return `http://${this.#host}`;
  }

  /** One call of a tool; a path that begins with `/lost` never answers the first time. */
  call(name: string, path: string): { name: string; arguments: Record<string, unknown> } {
    const method = name === 'look' ? 'GET' : 'POST';
    return { name, arguments: { url: `http://${this.#host}${path}`, method } };
  }

  start(
    steps: SimStep[],
    options: { agent?: string; limits?: Partial<RunLimits>; question?: string; session?: string } = {},
  ): Promise<RunHandle> {
    const { question, ...rest } = options;
    return this.client.run({ agent: 'worker', ...rest, input: simScript(steps, question) });
  }

  /** The whole journal, once nothing will be added to it any more. */
  async journal(handle: RunHandle): Promise<RawEntry[]> {
    for await (const event of handle.events(AbortSignal.timeout(END_TIMEOUT_MS))) if (event.type === 'end') break;
    const deadline = Date.now() + END_TIMEOUT_MS;
    for (;;) {
      const entries = await this.read(handle.runId);
      if (isClosed(foldJournal(entries))) return entries;
      if (Date.now() > deadline) throw new Error(`${handle.runId}: its journal is not closed`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The journal by now. */
  async read(runId: string): Promise<RawEntry[]> {
    return (await this.bus('router')).journal.read({ tenant: TENANT, runId });
  }

  /** What the journal holds of a kind by now. */
  async entriesOf<K extends JournalKind>(runId: string, kind: K): Promise<JournalBody<K>[]> {
    const entries = await this.read(runId);
    return entries.flatMap(({ entry }) => (entry?.kind === kind ? [entry.body as JournalBody<K>] : []));
  }

  /** Says something to a journal in the name of a service. */
  async say<K extends JournalKind>(
    service: ServiceName,
    runId: string,
    kind: K,
    body: JournalBody<K>,
    options: { expectLastSeq?: number } = {},
  ): Promise<void> {
    await (await this.bus(service)).journal.append({ tenant: TENANT, runId }, kind, body, options);
  }

  async bus(service: ServiceName): Promise<Bus> {
    const url = this.mesh.url('nats');
    const keysDir = `${this.mesh.stack.keysDir}/${service}`;
    const bus = this.#buses.get(service) ?? (await Bus.connect({ service, account: 'CORE', url, keysDir }));
    this.#buses.set(service, bus);
    return bus;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#buses.values()].map((bus) => bus.drain(DRAIN_MS)));
    await this.client.close();
    await this.mesh.stop();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  get #host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
}
