import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { MeshError } from './mesh-error.js';

type Env = Record<string, string | undefined>;

/** Variables are named SIGNALBOX_<KEY>; a key `providerKey` is read from SIGNALBOX_PROVIDER_KEY or its `_FILE` variant. */
export function variableOf(key: string): string {
  return `SIGNALBOX_${key.replace(/([A-Z])/g, '_$1').toUpperCase()}`;
}

/** A blank variable is one that is not set: templates and compose files leave such behind. */
const isSet = (value: string | undefined): value is string => value !== undefined && value.trim() !== '';

/** The text of a variable or of the file that its `_FILE` variant names; throws a sentence where neither will do. */
function readVariable(env: Env, name: string): string | undefined {
  const [value, file] = [env[name], env[`${name}_FILE`]];
  if (!isSet(file)) return isSet(value) ? value : undefined;
  if (isSet(value)) throw new Error(`${name}: is set beside ${name}_FILE; set one of them`);
  const text = readText(file);
  if (text === undefined) throw new Error(`${name}_FILE: the file cannot be read`);
  if (text === '') throw new Error(`${name}_FILE: the file is empty`);
  return text;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/**
 * Reads an app's configuration once from the environment. Every key of the schema is a variable; values
 * arrive as text, so schemas use `z.coerce`. Variables of other apps are ignored: several may share an environment.
 * Throws CONFIG_INVALID listing every bad variable, never its value.
 */
export function loadConfig<S extends z.ZodRawShape>(
  shape: S,
  env: Env = process.env,
): Readonly<z.infer<z.ZodObject<S>>> {
  const raw: Record<string, string> = {};
  const problems = new Map<string, string>();
  for (const key of Object.keys(shape)) {
    try {
      const value = readVariable(env, variableOf(key));
      if (value !== undefined) raw[key] = value;
    } catch (error) {
      problems.set(key, (error as Error).message);
    }
  }
  const parsed = z.object(shape).safeParse(raw);
  for (const { path, message } of parsed.error?.issues ?? []) {
    const key = String(path[0]);
    // What could not be read has been told already.
    if (!problems.has(key)) problems.set(key, `${variableOf(key)}: ${key in raw ? message : 'is not set'}`);
  }
  if (problems.size > 0 || !parsed.success) {
    throw new MeshError('CONFIG_INVALID', `The configuration is wrong:\n  ${[...problems.values()].join('\n  ')}`);
  }
  return Object.freeze(parsed.data);
}

/** What every app reads. */
export const baseConfig = {
  natsUrl: z.string().regex(/^nats:\/\/|^tls:\/\//, 'must be a nats:// or tls:// URL'),
  /** Folder of this service's own key files, 0600. */
  keysDir: z.string().min(1),
  /** Folder for the few small files that must outlive the process. */
  stateDir: z.string().min(1),
  /** Loopback by default; a container sets 0.0.0.0. */
  listenHost: z.string().default('127.0.0.1'),
  healthPort: z.coerce.number().int().min(0).max(65_535),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  /** How long a stop may take before what is left is dropped, ms. */
  drainMs: z.coerce.number().int().min(0).max(600_000).default(8_000),
};
