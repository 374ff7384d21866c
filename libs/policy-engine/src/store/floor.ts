import { MeshError } from '@signalbox/kernel';

/** Remembers the newest bundle version seen per tenant, beyond the life of the process: the guard against rollback. */
export interface FloorPort {
  load(tenant: string): number | undefined;
  save(tenant: string, version: number): void;
}

/** What `floorFile` needs of a file system; `node:fs` has this shape. */
export interface FloorFiles {
  readFileSync(path: string, encoding: 'utf8'): string;
  writeFileSync(path: string, text: string, options: { mode: number; flush: boolean }): void;
  renameSync(from: string, to: string): void;
}

/**
 * Floors in one small JSON file, replaced as a whole. Read once, here: CONFIG_INVALID when the file is there and cannot be
 * read, since going on without the floors would let an old bundle in.
 */
export function floorFile(path: string, files: FloorFiles): FloorPort {
  const floors = new Map(Object.entries(readFloors(path, files)));
  return {
    load: (tenant) => floors.get(tenant),
    save: (tenant, version) => {
      if (version <= (floors.get(tenant) ?? 0)) return;
      floors.set(tenant, version);
      files.writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(floors)), { mode: 0o600, flush: true });
      files.renameSync(`${path}.new`, path);
    },
  };
}

/** Floors that end with the process; for tools that only look. */
export function floorMemory(): FloorPort {
  const floors = new Map<string, number>();
  return { load: (tenant) => floors.get(tenant), save: (tenant, version) => void floors.set(tenant, version) };
}

function readFloors(path: string, files: FloorFiles): Record<string, number> {
  let text: string;
  try {
    text = files.readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return {};
    throw unreadable(path, error);
  }
  try {
    return checkedFloors(JSON.parse(text));
  } catch (error) {
    throw unreadable(path, error);
  }
}

function checkedFloors(value: unknown): Record<string, number> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new TypeError('not an object');
  for (const version of Object.values(value)) {
    if (!Number.isSafeInteger(version) || version < 1) throw new TypeError('not a version');
  }
  return value as Record<string, number>;
}

function unreadable(path: string, cause: unknown): MeshError {
  return new MeshError(
    'CONFIG_INVALID',
    `The bundle versions seen before cannot be read from ${path}. Restore the file, or remove it if its loss is understood.`,
    { cause },
  );
}
