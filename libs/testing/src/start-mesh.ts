import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ConsumerState,
  consumerState,
  makeKeys,
  provision,
  type ProvisionReport,
  renderServer,
} from '@signalbox/bus/provision';
import type { ConsumerName } from '@signalbox/contracts';
import { testRunDir } from '@signalbox/local-servers';
import { startNats, type TestNats } from './nats.js';

export interface TestMeshOptions {
  /** Default: acme and globex. */
  tenants?: readonly string[];
  /** Binary; default SIGNALBOX_NATS_SERVER or what the bootstrap chose. */
  binary?: string;
  /** Changes the generated server configuration, to prove that a hole in it would be seen. */
  alterConfig?: (config: string) => string;
}

/** A real server with the product's own accounts, users, streams, durables and buckets. */
export interface TestMesh {
  readonly url: string;
  readonly tenants: readonly string[];
  /** All key folders; `keysDir(service)` is what a service is given. */
  readonly keysRoot: string;
  readonly provisioned: ProvisionReport;
  readonly nats: TestNats;
  keysDir(owner: string): string;
  /** What a durable consumer has not settled yet. */
  work(consumer: ConsumerName): Promise<ConsumerState>;
  /** Stops the server and removes all its folders. */
  stop(): Promise<void>;
  /** SIGKILL of the server; its store stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port, store and keys. */
  restart(): Promise<void>;
}

/** Starts nats-server as `provisioner render` and `provisioner provision` leave it: await it in beforeAll, `stop()` in afterAll. */
export async function startMesh(options: TestMeshOptions = {}): Promise<TestMesh> {
  const tenants = options.tenants ?? ['acme', 'globex'];
  const folder = mkdtempSync(join(testRunDir() ?? tmpdir(), 'signalbox-mesh-'));
  const keysRoot = join(folder, 'keys');
  makeKeys(keysRoot, tenants);
  // Port and store folder are the starter's, on the command line.
  const rendered = renderServer({ keysDir: keysRoot, port: 4_222, tenants });
  const nats = await startNats({
    config: options.alterConfig ? options.alterConfig(rendered) : rendered,
    ...(options.binary === undefined ? {} : { binary: options.binary }),
  });
  const stop = async (): Promise<void> => {
    await nats.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const provisioned = await provision({ url: nats.url, keysDir: keysRoot });
    return {
      url: nats.url,
      tenants,
      keysRoot,
      provisioned,
      nats,
      keysDir: (owner) => join(keysRoot, owner),
      work: (consumer) => consumerState({ url: nats.url, keysDir: keysRoot }, consumer),
      stop,
      kill: () => nats.kill(),
      restart: () => nats.restart(),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
