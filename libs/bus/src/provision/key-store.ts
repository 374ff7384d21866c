import { chmodSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MeshError } from '@signalbox/kernel';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Reads one key file as text without its line end, or null when it does not exist. */
export function readKey(keysDir: string, owner: string, file: string): string | null {
  try {
    return readFileSync(join(keysDir, owner, file), 'utf8').trimEnd();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new MeshError('CONFIG_INVALID', `The key file ${owner}/${file} cannot be read.`, { cause: error });
  }
}

/** The same, for a key that must be there. */
export function requireKey(keysDir: string, owner: string, file: string): string {
  const key = readKey(keysDir, owner, file);
  if (key !== null) return key;
  throw new MeshError('CONFIG_INVALID', `The key file ${owner}/${file} is missing; \`provisioner render\` makes it.`);
}

/** Writes a key file that does not exist yet, whole or not at all; true when it did, false when it was there. */
function writeNewKey(keysDir: string, owner: string, file: string, text: string): boolean {
  const folder = join(keysDir, owner);
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  chmodSync(folder, FOLDER_MODE);
  const unfinished = join(folder, `.${file}.${process.pid}`);
  writeFileSync(unfinished, `${text}\n`, { mode: FILE_MODE });
  try {
    linkSync(unfinished, join(folder, file));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(unfinished);
  }
}

/**
 * Gives every owner the same key: the one that some of them hold already, else a new one. Never overwrites.
 * Owners that hold different keys are an error: choosing one would lock the other out in silence.
 * @returns the key, and whether it had to be made
 */
export function shareKey(
  keysDir: string,
  owners: readonly string[],
  file: string,
  make: () => string,
): { key: string; made: boolean } {
  const held = new Set(owners.map((owner) => readKey(keysDir, owner, file)).filter((key) => key !== null));
  if (held.size > 1) {
    throw new MeshError('CONFIG_INVALID', `${owners.join(', ')} hold different ${file}: remove the wrong ones.`);
  }
  const [first] = owners;
  const present = [...held][0];
  // The first owner's file decides when two processes make keys at once: whoever links it first has made the key.
  if (present === undefined && first !== undefined) writeNewKey(keysDir, first, file, make());
  const key = present ?? requireKey(keysDir, first ?? '', file);
  for (const owner of owners) writeNewKey(keysDir, owner, file, key);
  return { key, made: present === undefined };
}
