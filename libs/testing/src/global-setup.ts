import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveSharedCluster } from './postgres.js';

/** Vitest's global set-up: a folder for this test run, and in it the Postgres that its spec files share. */
export default function setup(): () => Promise<void> {
  const runDir = mkdtempSync(join(tmpdir(), 'signalbox-test-'));
  // Passable, not readable, so that a Postgres of another user can reach its data below.
  chmodSync(runDir, 0o711);
  process.env['SIGNALBOX_TEST_RUN_DIR'] = runDir;
  const stopCluster = serveSharedCluster(runDir);
  return async () => {
    await stopCluster();
    rmSync(runDir, { recursive: true, force: true });
  };
}
