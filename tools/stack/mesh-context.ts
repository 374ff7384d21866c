import { join } from 'node:path';
import type { Child, Watchdog } from '@signalbox/local-servers';
import type { LogBook } from './log-book.ts';
import type { StackOptions } from './options.ts';
import type { Ports } from './ports.ts';
import { runProvisioner } from './provisioner.ts';
import type { ServiceName } from './services.ts';
import type { StateFolder } from './state-folder.ts';
import type { Supervised } from './supervised.ts';

/** What the parts of a starting mesh share. */
export interface MeshContext {
  readonly state: StateFolder;
  readonly options: StackOptions;
  readonly names: readonly ServiceName[];
  readonly apps: string;
  readonly tenants: string;
  readonly urls: Record<string, string>;
  readonly health: Record<string, string>;
  readonly log: LogBook;
  readonly ports: Ports;
  readonly watchdog: Watchdog;
  supervise(name: string, launch: () => Promise<Child>, stopSignal: NodeJS.Signals, graceMs: number): Supervised;
}

/** Runs a verb of the one-shot provisioner on this mesh's keys. */
export async function provisioner(mesh: MeshContext, verb: string, ...args: string[]): Promise<void> {
  const main = join(mesh.apps, 'provisioner', 'dist', 'main.js');
  await runProvisioner(
    main,
    [verb, '--keys', mesh.state.keys, ...args, '--tenants', mesh.tenants],
    mesh.log.of('provisioner'),
  );
}
