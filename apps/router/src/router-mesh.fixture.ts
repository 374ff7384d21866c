import { rmSync } from 'node:fs';
import { Bus, type RawEntry, type RunRef } from '@signalbox/bus';
import { foldJournal, redecide, type RunState, verifyJournal } from '@signalbox/run-engine';
import { startMesh, testFolder, type TestMesh } from '@signalbox/testing';
import { publishBundle, startRouter, TENANT, type TestRouter, Workers } from './mesh.fixture.js';

/** What `check` finds of a journal that is whole and was decided by the rules. */
export const SOUND = { verified: { ok: true, faults: [] }, again: { ok: true, differences: [] } };

type StartArguments = Parameters<typeof startRouter> extends [unknown, unknown, ...infer More] ? More : never;

/** A mesh with workers at its far ends. Routers come and go; runs are looked at as their journals have them. */
export class RouterMesh {
  readonly routers: TestRouter[] = [];
  readonly #folder: string;

  private constructor(
    name: string,
    readonly mesh: TestMesh,
    readonly workers: Workers,
    /** Nobody's but the spec's. */
    readonly reader: Bus,
  ) {
    this.#folder = testFolder(name);
  }

  static async start(name: string): Promise<RouterMesh> {
    const mesh = await startMesh({ tenants: [TENANT] });
    await publishBundle(mesh);
    const workers = await Workers.start(mesh);
    const access = { url: mesh.url, keysDir: mesh.keysDir('router') };
    return new RouterMesh(name, mesh, workers, await Bus.connect({ service: 'router', account: 'CORE', ...access }));
  }

  async startRouter(...args: StartArguments): Promise<TestRouter> {
    const router = await startRouter(this.mesh, this.#folder, ...args);
    this.routers.push(router);
    return router;
  }

  async stopRouters(): Promise<void> {
    await Promise.all(this.routers.splice(0).map((router) => router.stop()));
  }

  async stop(): Promise<void> {
    await this.stopRouters();
    await this.workers.stop();
    await this.reader.drain(500);
    await this.mesh.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  entriesOf(run: RunRef): Promise<RawEntry[]> {
    return this.reader.journal.read(run);
  }

  async stateOf(run: RunRef): Promise<RunState> {
    return foldJournal(await this.entriesOf(run));
  }

  async check(run: RunRef): Promise<{
    verified: ReturnType<typeof verifyJournal>;
    again: ReturnType<typeof redecide>;
  }> {
    const entries = await this.entriesOf(run);
    return { verified: verifyJournal(entries), again: redecide(entries) };
  }
}
