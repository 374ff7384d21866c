import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, startNats, startPostgres, type TestNats, type TestPostgres, waitFor } from './index.js';

describe('startNats', () => {
  let nats: TestNats;
  beforeAll(async () => {
    nats = await startNats({ monitor: true, config: 'max_payload: 123456' });
  });
  afterAll(() => nats.stop());

  it('serves the configuration with JetStream on a free port of loopback', async () => {
    const info = await firstLine(nats.port);
    expect(info).toMatchObject({ max_payload: 123_456, jetstream: true, host: '127.0.0.1' });
    const health = await fetch(`${nats.monitor}/healthz`);
    expect(health.status).toBe(200);
  });

  it('comes back on the same port after a kill, with new configuration', async () => {
    const before = nats.pid();
    await nats.kill();
    await expect(firstLine(nats.port)).rejects.toThrow('ECONNREFUSED');
    await nats.restart('max_payload: 65536');
    expect(nats.pid()).not.toBe(before);
    expect(await firstLine(nats.port)).toMatchObject({ max_payload: 65_536 });
  });

  it('says what the server said when the configuration is wrong', async () => {
    await expect(startNats({ config: 'no_such_setting_block {' })).rejects.toThrow(/nats-server did not start/);
  });
});

describe('startPostgres', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('gives each spec file a role that sees only its own schema', async () => {
    const { default: pg } = await import('pg');
    const [mine, other] = [await postgres.createSchema(), await postgres.createSchema()];
    const me = new pg.Client({ connectionString: mine });
    const them = new pg.Client({ connectionString: other });
    await Promise.all([me.connect(), them.connect()]);
    await me.query('create table secret (value text)');
    const { rows } = await me.query<{ schema: string }>('select current_schema() as schema');
    await expect(them.query(`select * from ${rows[0]?.schema}.secret`)).rejects.toThrow('permission denied');
    await expect(them.query('create table public.shared (value text)')).rejects.toThrow('permission denied');
    await Promise.all([me.end(), them.end()]);
  });

  it('is shared within a test run', async () => {
    expect((await startPostgres()).adminUrl).toBe(postgres.adminUrl);
  });
});

describe('waitFor', () => {
  it('names what it waited for and keeps the last error as cause', async () => {
    const failing = waitFor(() => Promise.reject(new Error('inner')), { timeoutMs: 20, what: 'the moon' });
    await expect(failing).rejects.toMatchObject({
      message: expect.stringContaining('the moon'),
      cause: { message: 'inner' },
    });
  });

  it('gives what the condition gave', async () => {
    let turns = 0;
    expect(await waitFor(() => (++turns === 3 ? 'third' : null), { what: 'three turns' })).toBe('third');
    expect(await freePort()).toBeGreaterThan(0);
  });
});

function firstLine(port: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1' });
    socket.once('data', (data) => {
      socket.destroy();
      resolve(JSON.parse(data.toString().split('\r\n')[0]?.slice('INFO '.length) ?? '{}'));
    });
    socket.once('error', reject);
  });
}
