import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { canConnect, type Child, startNatsServer, startPostgresServer } from '@signalbox/local-servers';
import { type MeshContext, provisioner } from './mesh-context.ts';
import { prepareSchemas } from './service-environment.ts';
import { NATS_PORT, POSTGRES_PORT, SCHEMAS } from './services.ts';
import { StackError } from './stack-error.ts';

const NATS_GRACE_MS = 10_000;
const POSTGRES_GRACE_MS = 15_000;

/** Has the provisioner write the configuration, and starts nats-server with it. */
export async function startNats(mesh: MeshContext): Promise<void> {
  const port = await mesh.ports.take('nats', NATS_PORT, 'SIGNALBOX_NATS_PORT');
  const folder = mesh.state.nats;
  const storeDir = join(folder, 'store');
  mkdirSync(storeDir, { recursive: true, mode: 0o700 });
  // No --store: the command line names the folder, and the server takes it from one place only.
  await provisioner(mesh, 'render', '--out', folder, '--port', String(port));
  const options = {
    port,
    storeDir,
    configFile: join(folder, 'nats.conf'),
    binary: mesh.options.natsServer,
    watchdog: mesh.watchdog,
    onLine: mesh.log.of('nats'),
  };
  let isBack = false;
  const launch = async (): Promise<Child> => {
    const child = await startNatsServer(options);
    if (isBack) await mend(mesh);
    isBack = true;
    return child;
  };
  mesh.urls['nats'] = `nats://127.0.0.1:${port}`;
  await mesh.supervise('nats', launch, 'SIGTERM', NATS_GRACE_MS).start();
}

/** What nats-server lost while it was away, its durables may not know of. No reason to end it, whatever comes of this. */
async function mend(mesh: MeshContext): Promise<void> {
  try {
    await provisioner(mesh, 'mend', '--url', mesh.urls['nats'] ?? '');
  } catch (error) {
    const msg = error instanceof Error ? error.message : 'the durables could not be looked at';
    mesh.log.of('provisioner')(JSON.stringify({ level: 'error', msg }));
  }
}

/** Starts Postgres where a service needs it and none is configured, makes the schemas, and gives the superuser's URL. */
export async function startPostgres(mesh: MeshContext): Promise<string> {
  const names = mesh.names.filter((name) => SCHEMAS[name] !== undefined);
  let adminUrl = process.env['SIGNALBOX_PG_URL'] ?? '';
  if (adminUrl !== '') {
    if (!(await canConnect(adminUrl))) {
      throw new StackError('the Postgres of SIGNALBOX_PG_URL does not answer', 'Check its address, user and password.');
    }
  } else if (names.length > 0) {
    const port = await mesh.ports.take('postgres', POSTGRES_PORT, 'SIGNALBOX_POSTGRES_PORT');
    const launch = async (): Promise<Child> => {
      const postgres = await startPostgresServer({
        port,
        folder: mesh.state.postgres,
        durable: mesh.options.durable ?? true,
        watchdog: mesh.watchdog,
        onLine: mesh.log.of('postgres'),
      });
      adminUrl = postgres.adminUrl;
      return postgres.child;
    };
    await mesh.supervise('postgres', launch, 'SIGINT', POSTGRES_GRACE_MS).start();
  }
  await prepareSchemas(adminUrl, names, mesh.state);
  return adminUrl;
}
