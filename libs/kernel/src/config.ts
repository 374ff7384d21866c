import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { MeshError } from './mesh-error.js';

type Env = Record<string, string | undefined>;

/** Variables are named SIGNALBOX_<KEY>; a key `providerKey` is read from SIGNALBOX_PROVIDER_KEY or its `_FILE` variant. */
export function variableOf(key: string): string {
  return `SIGNALBOX_${key.replace(/([A-Z])/g, '_$1').toUpperCase()}`;
}

function readVariable(env: Env, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  if (file !== undefined && file !== '') return readFileSync(file, 'utf8').trim();
  const value = env[name];
  return value === '' ? undefined : value;
}

/**
 * Reads an app's configuration once from the environment. Every key of the schema is a variable; values
 * arrive as text, so schemas use `z.coerce`. Throws CONFIG_INVALID listing every bad variable.
 */
export function loadConfig<S extends z.ZodRawShape>(shape: S, env: Env = process.env): Readonly<z.infer<z.ZodObject<S>>> {
  const raw: Record<string, string> = {};
  const problems: string[] = [];
  for (const key of Object.keys(shape)) {
    try {
      const value = readVariable(env, variableOf(key));
      if (value !== undefined) raw[key] = value;
    } catch {
      problems.push(`${variableOf(key)}_FILE: the file cannot be read`);
    }
  }
  const parsed = z.object(shape).safeParse(raw);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => `${variableOf(String(issue.path[0]))}: ${issue.message}`));
  }
  if (problems.length > 0 || !parsed.success) {
    throw new MeshError('CONFIG_INVALID', `The configuration is wrong:\n  ${problems.join('\n  ')}`);
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
