import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

/** The built library: what runs in production. */
const LIBRARY = new URL('../dist/index.js', import.meta.url).href;
const NOISY = `
  import { createLogger } from '${LIBRARY}';
  const logger = createLogger({ service: 'noisy', level: 'info' });
  process.on('SIGTERM', () => process.exit(7));
  setInterval(() => logger.info({ token: 'a-secret', nested: { password: 'a-secret' } }, 'x'.repeat(10_000)), 1);
`;

describe('createLogger', () => {
  it('hides secrets, and leaves the process free to stop when nobody reads its log any more', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', NOISY], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    expect(first.toString()).toContain('"token":"(hidden)","nested":{"password":"(hidden)"}');
    expect(first.toString()).not.toContain('a-secret');
    child.stdout.destroy();
    child.kill('SIGTERM');
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    expect(exitCode).toBe(7);
  });
});
