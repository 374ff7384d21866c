import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../stack/stack.ts';

const MEGABYTE = 1024 * 1024;

/**
 * Starts every built app on a mesh of its own and asks each for its health: what vitest does not see (circular
 * decorated classes, a dependency only Nest resolves) shows only in built code.
 */
export async function bootEveryApp(): Promise<boolean> {
  const stateDir = mkdtempSync(join(tmpdir(), 'signalbox-boot-'));
  // Passable, so that Postgres, which root starts as another user, can keep its data inside.
  chmodSync(stateDir, 0o711);
  try {
    const stack = await startStack({ stateDir, ports: 'free', durable: false });
    const bytes = stack.report().reduce((sum, { pssBytes }) => sum + pssBytes, 0);
    await stack.stop();
    process.stdout.write(`  the whole mesh takes ${Math.round(bytes / MEGABYTE)} MB (PSS)\n`);
    return true;
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}
