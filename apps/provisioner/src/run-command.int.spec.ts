import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNats, type TestNats } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from './run-command.js';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-provisioner-'));
const [keys, conf] = [join(folder, 'keys'), join(folder, 'nats.conf')];
let nats: TestNats;

async function run(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  return { code: await runCommand(args, (line) => lines.push(line)), lines };
}

const render = (tenants: string) =>
  run('render', '--keys', keys, '--out', folder, '--port', '4222', '--tenants', tenants);
const provision = (tenants: string) => run('provision', '--keys', keys, '--url', nats.url, '--tenants', tenants);

beforeAll(async () => {
  await render('acme');
  nats = await startNats({ config: readFileSync(conf, 'utf8') });
});
afterAll(async () => {
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the provisioner', () => {
  it('makes the bus, attacks it and says so; a second time nothing changes', async () => {
    const first = await provision('acme');
    expect([first.code, first.lines[0]]).toEqual([0, expect.stringMatching(/^bus {5}nats-server .*: \d+ created$/)]);
    expect(first.lines.join('\n')).toContain('it cannot be got round');
    const second = await provision('acme');
    expect([second.code, second.lines[0]]).toEqual([0, expect.stringMatching(/: \d+ unchanged$/)]);
  });

  it('mends a bus that came back, and does not attack it', async () => {
    const { code, lines } = await run('mend', '--keys', keys, '--url', nats.url);
    expect([code, lines]).toEqual([0, [expect.stringMatching(/^bus .*: \d+ unchanged$/)]]);
  });

  it('adds a tenant to a bus that has one, keeping the first one’s key', async () => {
    const before = readFileSync(join(keys, 'cli', 'tenant-acme.nk'), 'utf8');
    expect((await render('acme,globex')).lines[0]).toContain('3 made');
    await nats.restart(readFileSync(conf, 'utf8'));
    expect((await provision('acme,globex')).code).toBe(0);
    expect(readFileSync(join(keys, 'cli', 'tenant-acme.nk'), 'utf8')).toBe(before);
  });

  it('fails when the guard can be got round', async () => {
    const open = readFileSync(conf, 'utf8').replace(
      '"_INBOX_gateway.>"\n            ]',
      '"_INBOX_gateway.>"\n "_R_.>"\n            ]',
    );
    await nats.restart(open);
    const { code, lines } = await provision('acme,globex');
    expect(code).toBe(1);
    expect(lines.join('\n')).toMatch(/CAN BE GOT ROUND[^]*GOT THROUGH: gateway could listen on _R_\.>/);
  });

  it('stops when a server cannot be reached', async () => {
    await nats.kill();
    await expect(provision('acme')).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
    await nats.restart();
  });
});
