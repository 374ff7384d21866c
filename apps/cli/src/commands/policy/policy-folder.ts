import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { DEFINITION_KINDS, type DefinitionKind } from '@signalbox/contracts';
import { UsageError } from '../../usage-error.js';

type Json = Record<string, unknown>;

export interface WantedDefinition {
  kind: DefinitionKind | 'limits';
  id: string;
  definition: Json;
}

const LIMITS = 'limits.json';
const LIMITS_ID = 'tenant';
const FILES_MAX = 2_000;
const FILE_BYTES_MAX = 200_000;

/**
 * What the files of a folder say: `<kind>/<id>.json`, `policies/<id>.cedar` (what is no text of a policy, such as its
 * description, in `policies/<id>.json` beside it) and `limits.json`. UsageError names the file that cannot be taken.
 */
export function readFolder(folder: string): WantedDefinition[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new UsageError(`${folder} is no folder`);
  assertKnown(folder);
  const wanted = DEFINITION_KINDS.flatMap((kind) =>
    kind === 'policies' ? readPolicies(join(folder, kind)) : readDefinitions(kind, join(folder, kind)),
  );
  if (wanted.length > FILES_MAX) throw new UsageError(`${folder} holds more than ${FILES_MAX} definitions`);
  const limits = join(folder, LIMITS);
  return existsSync(limits) ? [...wanted, { kind: 'limits', id: LIMITS_ID, definition: readJson(limits) }] : wanted;
}

/** Writes definitions as `readFolder` reads them; with `prune` the files of others go. Gives how many were written. */
export function writeFolder(folder: string, definitions: readonly WantedDefinition[], prune: boolean): number {
  const files = new Map(definitions.flatMap(filesOf));
  for (const [path, text] of files) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  if (prune) for (const path of layoutFiles(folder)) if (!files.has(path)) rmSync(join(folder, path));
  return files.size;
}

function filesOf({ kind, id, definition }: WantedDefinition): [string, string][] {
  if (kind === 'limits') return Object.keys(definition).length > 0 ? [[LIMITS, jsonText(definition)]] : [];
  if (kind !== 'policies') return [[`${kind}/${id}.json`, jsonText(definition)]];
  const { id: _id, text, description, ...rest } = definition;
  const beside = { ...(description === '' ? {} : { description }), ...rest };
  return [
    [`policies/${id}.cedar`, String(text)],
    ...(Object.keys(beside).length > 0 ? [[`policies/${id}.json`, jsonText(beside)] as [string, string]] : []),
  ];
}

const jsonText = (value: Json): string => `${JSON.stringify(value, null, 2)}\n`;

function layoutFiles(folder: string): string[] {
  const inKinds = DEFINITION_KINDS.flatMap((kind) => namesIn(join(folder, kind)).map((name) => `${kind}/${name}`));
  return existsSync(join(folder, LIMITS)) ? [...inKinds, LIMITS] : inKinds;
}

/** A misspelt folder must not pass for an empty one. */
function assertKnown(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (name.startsWith('.')) continue;
    const isKnown = entry.isDirectory()
      ? DEFINITION_KINDS.some((kind) => kind === name)
      : extname(name) !== '.json' || name === LIMITS;
    if (!isKnown)
      throw new UsageError(
        `${join(folder, name)}: there are ${DEFINITION_KINDS.map((kind) => `${kind}/`).join(', ')} and ${LIMITS}`,
      );
  }
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => ['.json', '.cedar'].includes(extname(name)) && !name.startsWith('.'))
    .toSorted();
}

function readDefinitions(kind: DefinitionKind, folder: string): WantedDefinition[] {
  return namesIn(folder).map((name) => {
    const path = join(folder, name);
    if (extname(name) !== '.json') throw new UsageError(`${path}: definitions of ${kind} are JSON`);
    const id = basename(name, '.json');
    return { kind, id, definition: { [kind === 'tools' ? 'name' : 'id']: id, ...readJson(path) } };
  });
}

function readPolicies(folder: string): WantedDefinition[] {
  const names = namesIn(folder);
  const alone = names.find((name) => extname(name) === '.json' && !names.includes(`${basename(name, '.json')}.cedar`));
  if (alone !== undefined) throw new UsageError(`${join(folder, alone)} has no .cedar file beside it`);
  return names
    .filter((name) => extname(name) === '.cedar')
    .map((name) => {
      const id = basename(name, '.cedar');
      const beside = names.includes(`${id}.json`) ? readJson(join(folder, `${id}.json`)) : {};
      const text = readText(join(folder, name));
      return { kind: 'policies', id, definition: { id, description: '', ...beside, text } };
    });
}

function readJson(path: string): Json {
  const text = readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Json;
  throw new UsageError(`${path} holds no JSON object`);
}

function readText(path: string): string {
  if (statSync(path).size > FILE_BYTES_MAX) throw new UsageError(`${path} is larger than ${FILE_BYTES_MAX} bytes`);
  return readFileSync(path, 'utf8');
}
