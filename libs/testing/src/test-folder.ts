import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testRunDir } from '@signalbox/local-servers';

/**
 * A new folder for the caller's temporary files, below the test run's where there is one. Others may pass through it:
 * a Postgres that root starts runs as another user and keeps its data inside.
 */
export function testFolder(name: string): string {
  const folder = mkdtempSync(join(testRunDir() ?? tmpdir(), `signalbox-${name}-`));
  chmodSync(folder, 0o711);
  return folder;
}
