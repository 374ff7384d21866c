import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type Child, readMachine, repositoryRoot } from '@signalbox/local-servers';
import { launchService } from './launch-service.ts';
import type { MeshContext } from './mesh-context.ts';
import type { Instance } from './options.ts';
import { serviceEnvironment } from './service-environment.ts';
import { HTTP_PORTS, type ServiceName } from './services.ts';
import type { Supervised } from './supervised.ts';

const AT_A_TIME = 2;
const GRACE_MS = 10_000;

/** Starts the services, two at a time, each when its predecessor is ready. The first failure ends the start. */
export async function startServices(mesh: MeshContext): Promise<void> {
  const simulatorPort = await mesh.ports.take('simulator', HTTP_PORTS.simulator, 'SIGNALBOX_SIMULATOR_PORT');
  const waiting: Supervised[] = [];
  for (const name of mesh.names) waiting.push(await service(mesh, { name, service: name }, simulatorPort));
  for (const instance of mesh.options.instances ?? []) waiting.push(await service(mesh, instance, simulatorPort));
  const workers = Array.from({ length: AT_A_TIME }, async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) {
      await part.start().catch((error: unknown) => {
        waiting.length = 0;
        throw error;
      });
    }
  });
  // The other worker's service is awaited too, so that a stop finds it.
  for (const result of await Promise.allSettled(workers)) {
    if (result.status === 'rejected') throw result.reason;
  }
}

async function service(
  mesh: MeshContext,
  { name, service: app, appsDir = mesh.apps }: Instance,
  simulatorPort: number,
): Promise<Supervised> {
  const httpPort = app === 'simulator' ? simulatorPort : await httpPortOf(mesh, app);
  const healthPort = await mesh.ports.take(`${name}'s health`);
  mesh.health[name] = `http://127.0.0.1:${healthPort}/health/ready`;
  if (httpPort !== undefined) mesh.urls[name] = `http://127.0.0.1:${httpPort}`;
  const environment = serviceEnvironment(app, mesh.state, {
    natsUrl: mesh.urls['nats'] ?? '',
    healthPort,
    httpPort,
    simulatorUrl: `http://127.0.0.1:${simulatorPort}/v1`,
    tenants: mesh.tenants,
    bubblewrap: readMachine().bubblewrap?.path ?? null,
    compileCache: join(repositoryRoot(), '.cache', `node-${userInfo().uid}`),
  });
  const launch = (): Promise<Child> =>
    launchService({
      name,
      app,
      main: join(appsDir, app, 'dist', 'main.js'),
      cwd: repositoryRoot(),
      env: { ...environment, ...mesh.options.env?.[name] },
      healthPort,
      watchdog: mesh.watchdog,
      onLine: mesh.log.of(name),
    });
  return mesh.supervise(name, launch, 'SIGTERM', GRACE_MS);
}

async function httpPortOf(mesh: MeshContext, name: ServiceName): Promise<number | undefined> {
  const preferred = HTTP_PORTS[name];
  if (preferred === undefined) return undefined;
  return mesh.ports.take(name, preferred, `SIGNALBOX_${name.toUpperCase()}_PORT`);
}
