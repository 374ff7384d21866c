import { rmSync } from 'node:fs';
import { freePort, startPostgresServer } from '@signalbox/local-servers';
import { startPostgres, testFolder, type TestPostgres, waitFor } from '@signalbox/testing';
import pg from 'pg';
import { Column, Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Database, type DatabaseOptions } from './index.js';

@Entity({ name: 'things' })
class Thing {
  @PrimaryColumn({ type: 'text' }) id!: string;
  @Column({ type: 'jsonb' }) body!: { n: number };
}

class CreateThings1700000000000 implements MigrationInterface {
  name = 'CreateThings1700000000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table things (id text primary key, body jsonb not null)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table things');
  }
}

class Broken1700000000001 implements MigrationInterface {
  name = 'Broken1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table half (id text)');
    await runner.query('create nonsense');
  }
  async down(): Promise<void> {}
}

const open: Database[] = [];
function database(url: string, more: Partial<DatabaseOptions> = {}): Database {
  const made = new Database({ url, entities: [Thing], migrations: [CreateThings1700000000000], ...more });
  open.push(made);
  return made;
}

async function asAdmin(url: string, sql: string, values: unknown[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql, values);
  } finally {
    await client.end();
  }
}

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});
afterAll(() => postgres.stop());

describe('Database', () => {
  it('migrates once, however many processes start together', async () => {
    const url = await postgres.createSchema();
    const all = Array.from({ length: 4 }, () => database(url));
    await Promise.all(all.map((one) => one.open()));
    await all[0]!.run((manager) => manager.save(Thing, { id: 'a', body: { n: 1 } }));
    expect(await all[3]!.run((manager) => manager.findOneBy(Thing, { id: 'a' }))).toEqual({ id: 'a', body: { n: 1 } });
    expect(await all[1]!.run((manager) => manager.query('select name from migrations'))).toHaveLength(1);
  });

  it('keeps to the schema it was given, and makes it where it may', async () => {
    const schema = `made_${Date.now().toString(36)}`;
    const one = database(postgres.adminUrl, { schema });
    await one.open();
    const { rows } = await asAdmin(
      postgres.adminUrl,
      'select schemaname from pg_tables where tablename = $1 and schemaname = $2',
      ['things', schema],
    );
    expect(rows).toHaveLength(1);
    await one.close();
    await asAdmin(postgres.adminUrl, `drop schema ${schema} cascade`);
    const owned = await postgres.createSchema();
    await database(owned, { schema: new URL(owned).username }).open();
    await expect(database(owned, { schema: 'not_mine' }).open()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(database(owned, { schema: 'a; drop schema public' }).open()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('undoes a transaction that throws, and words a taken key as a conflict', async () => {
    const one = database(await postgres.createSchema());
    await one.open();
    await expect(
      one.transaction(async (manager) => {
        await manager.insert(Thing, { id: 'b', body: { n: 1 } });
        throw new Error('no');
      }),
    ).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await one.run((manager) => manager.countBy(Thing, { id: 'b' }))).toBe(0);
    await one.run((manager) => manager.insert(Thing, { id: 'c', body: { n: 1 } }));
    await expect(one.run((manager) => manager.insert(Thing, { id: 'c', body: { n: 2 } }))).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('leaves nothing behind when a migration fails', async () => {
    const url = await postgres.createSchema();
    await expect(
      database(url, { migrations: [CreateThings1700000000000, Broken1700000000001] }).open(),
    ).rejects.toMatchObject({ code: 'INTERNAL' });
    const one = database(url);
    await one.open();
    await expect(one.run((manager) => manager.query('select * from half'))).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('says at once that the user is refused', async () => {
    const url = new URL(await postgres.createSchema());
    url.password = 'wrong';
    await expect(database(url.href).open()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('survives broken connections, refuses more users than it has connections for, and cuts long statements', async () => {
    const url = await postgres.createSchema();
    const one = database(url, { poolMax: 2, connectTimeoutMs: 300, statementTimeoutMs: 2_000 });
    await one.open();
    const slow = one.transaction((manager) => manager.query('select pg_sleep(30)'));
    const also = one.transaction((manager) => manager.query('select pg_sleep(30)'));
    slow.catch(() => undefined);
    also.catch(() => undefined);
    const sleeping = "select 1 from pg_stat_activity where usename = $1 and query like '%pg_sleep%'";
    const role = new URL(url).username;
    await waitFor(async () => (await asAdmin(postgres.adminUrl, sleeping, [role])).rowCount === 2, {
      what: 'both connections to be in use',
    });
    await expect(one.run((manager) => manager.query('select 1'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(slow).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await also.catch(() => undefined);
    const hit = one.transaction((manager) => manager.query('select pg_sleep(30)'));
    hit.catch(() => undefined);
    const killing = 'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1';
    await waitFor(async () => ((await asAdmin(postgres.adminUrl, killing, [role])).rowCount ?? 0) > 0, {
      what: 'connections to end',
    });
    await expect(hit).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await waitFor(async () => (await one.health()).ok, { what: 'a new connection' });
  });

  it('waits for a server that is not up yet, tells when it goes away, and finds it again', async () => {
    const folder = testFolder('late-postgres');
    const port = await freePort();
    const first = await startPostgresServer({ port, folder, durable: false });
    const url = first.adminUrl;
    await first.stop();
    const one = database(url, { schema: 'late', connectTimeoutMs: 1_000 });
    expect(() => one.dataSource).toThrow(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }));
    await expect(one.open(200)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const opening = one.open();
    const second = await startPostgresServer({ port, folder, durable: false });
    await opening;
    expect(await one.health()).toEqual({ ok: true });
    await second.stop();
    expect(await one.health()).toEqual({ ok: false, why: 'The database cannot be reached now.' });
    await expect(one.transaction((manager) => manager.query('select 1'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    const third = await startPostgresServer({ port, folder, durable: false });
    await waitFor(async () => (await one.health()).ok, { what: 'the database to be found again' });
    await one.close();
    await third.stop();
    rmSync(folder, { recursive: true, force: true });
  });
});
