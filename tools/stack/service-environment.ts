import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { childEnvironment, createOwnedSchema } from '@signalbox/local-servers';
import { SCHEMAS, type ServiceName } from './services.ts';
import type { StateFolder } from './state-folder.ts';

/** Variables that are ours to read; the services get what follows from them. */
const SUPERVISOR_ONLY =
  /^SIGNALBOX_(BOUNDARY_TEST_MS|PG_URL|NATS_SERVER|STATE_DIR|PROVIDER_KEY|TEST_RUN_DIR|[A-Z]+_PORT)$/;
const PASSWORD_BYTES = 24;
/** What code tools may read until their user names a folder of their own. */
const EXAMPLE_FILES = resolve(import.meta.dirname, '../../examples/data');

export interface ServiceFacts {
  natsUrl: string;
  healthPort: number;
  httpPort: number | undefined;
  simulatorUrl: string;
  /** By comma. */
  tenants: string;
  bubblewrap: string | null;
  compileCache: string;
}

/** The whole environment of a service: little of ours, its user's SIGNALBOX_ variables, and paths instead of secrets. */
export function serviceEnvironment(name: ServiceName, state: StateFolder, facts: ServiceFacts): Record<string, string> {
  const folder = state.of(name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const environment: Record<string, string> = {
    ...childEnvironment(),
    NODE_COMPILE_CACHE: facts.compileCache,
    SIGNALBOX_LOG_LEVEL: 'info',
    ...usersOwn(),
    SIGNALBOX_NATS_URL: facts.natsUrl,
    SIGNALBOX_KEYS_DIR: join(state.keys, name),
    SIGNALBOX_HEALTH_PORT: String(facts.healthPort),
    SIGNALBOX_STATE_DIR: folder,
    SIGNALBOX_TENANTS: facts.tenants,
  };
  if (facts.httpPort !== undefined) environment['SIGNALBOX_HTTP_PORT'] = String(facts.httpPort);
  if (SCHEMAS[name] !== undefined) environment['SIGNALBOX_PG_URL_FILE'] = postgresUrlFile(name, state);
  if (name === 'inference') addProvider(environment, state, facts.simulatorUrl);
  if (name === 'tool-runner') environment['SIGNALBOX_FILES_DIR'] ??= EXAMPLE_FILES;
  if (name === 'tool-runner') addTools(environment, state, facts.bubblewrap);
  return environment;
}

/** SIGNALBOX_ variables that the user set, less those that are the supervisor's own. */
function usersOwn(): Record<string, string> {
  const own = Object.entries(process.env).filter(([key]) => key.startsWith('SIGNALBOX_') && !SUPERVISOR_ONLY.test(key));
  return Object.fromEntries(own.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

/** A key given by value moves into a file, so that no child's environment holds it. The simulator takes any key. */
function addProvider(environment: Record<string, string>, state: StateFolder, simulatorUrl: string): void {
  const simulated = environment['SIGNALBOX_PROVIDER_URL'] === undefined;
  environment['SIGNALBOX_PROVIDER_URL'] ??= simulatorUrl;
  const key = simulated ? 'simulated' : process.env['SIGNALBOX_PROVIDER_KEY'];
  if (environment['SIGNALBOX_PROVIDER_KEY_FILE'] !== undefined || key === undefined || key === '') return;
  const file = join(state.secrets, 'provider.key');
  writeFileSync(file, key, { mode: 0o600 });
  environment['SIGNALBOX_PROVIDER_KEY_FILE'] = file;
}

/** Files of the user's that tools may read lie in `files`, which the sandbox's own user can enter. */
function addTools(environment: Record<string, string>, state: StateFolder, bubblewrap: string | null): void {
  if (bubblewrap !== null) environment['SIGNALBOX_BWRAP'] ??= bubblewrap;
  if (environment['SIGNALBOX_FILES_DIR'] !== undefined) return;
  environment['SIGNALBOX_FILES_DIR'] = join(state.path, 'files');
  mkdirSync(environment['SIGNALBOX_FILES_DIR'], { recursive: true, mode: 0o755 });
}

function postgresUrlFile(name: ServiceName, state: StateFolder): string {
  return join(state.secrets, `${name}.postgres-url`);
}

/** Makes each service's role and schema, and writes the URL that only it may read. A password, once made, stays. */
export async function prepareSchemas(
  adminUrl: string,
  names: readonly ServiceName[],
  state: StateFolder,
): Promise<void> {
  for (const name of names) {
    const schema = SCHEMAS[name];
    if (schema === undefined) continue;
    const file = postgresUrlFile(name, state);
    const known = existsSync(file) ? new URL(readFileSync(file, 'utf8')).password : '';
    const url = await createOwnedSchema(adminUrl, schema, known || randomBytes(PASSWORD_BYTES).toString('hex'));
    writeFileSync(file, url, { mode: 0o600 });
  }
}
