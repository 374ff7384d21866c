import { constants } from 'node:fs';
import { type FileHandle, open, readlink } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { MeshError } from '@signalbox/kernel';
import { isNodeError } from '../node-error.js';
import { FILES_BYTES_MAX } from '../request-check.js';
import type { SandboxFile } from '../sandbox.port.js';

/** A host file that is open for reading; its size is fixed when it is opened. */
export interface OpenFile {
  name: string;
  handle: FileHandle;
  sizeBytes: number;
}

/**
 * Opens the files first and judges what is open, so that nobody can swap them in between.
 * The code later sees copies: no descriptor and no mount of the host enters the sandbox.
 *
 * @param roots folders the files must lie in; none given, anywhere.
 */
export async function openFiles(files: readonly SandboxFile[], roots: readonly string[]): Promise<OpenFile[]> {
  const opened: OpenFile[] = [];
  try {
    let bytes = 0;
    for (const file of files) {
      const one = await openOne(file, roots);
      opened.push(one);
      bytes += one.sizeBytes;
      if (bytes > FILES_BYTES_MAX)
        throw new MeshError('REQUEST_TOO_LARGE', `files have more than ${FILES_BYTES_MAX} bytes together`);
    }
    return opened;
  } catch (error) {
    await closeFiles(opened);
    throw error;
  }
}

export async function closeFiles(files: readonly OpenFile[]): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close()));
}

async function openOne({ name, hostPath }: SandboxFile, roots: readonly string[]): Promise<OpenFile> {
  const handle = await openPath(name, hostPath);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw refused(name, 'is not a regular file');
    const real = await readlink(`/proc/self/fd/${handle.fd}`);
    if (real !== resolve(hostPath)) throw refused(name, 'is reached through a symlink');
    const inside = roots.length === 0 || roots.some((root) => real.startsWith(resolve(root) + sep));
    if (!inside) throw refused(name, 'lies outside the folders that may be mounted');
    return { name, handle, sizeBytes: stat.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openPath(name: string, hostPath: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK the opening of a FIFO would wait for a writer.
    return await open(hostPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isNodeError(error, 'ELOOP')) throw refused(name, 'is a symlink');
    throw new MeshError('NOT_FOUND', `file ${name} cannot be opened`, { details: { file: name }, cause: error });
  }
}

function refused(name: string, why: string): MeshError {
  return new MeshError('REQUEST_INVALID', `file ${name} ${why}`, { details: { file: name } });
}
