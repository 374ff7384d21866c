import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyRing } from '@signalbox/bus';
import { createLogger } from '@signalbox/telemetry';
import { startPostgres, type TestPostgres } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '@signalbox/persistence';
import type { GuardConfig } from '../../config.js';
import { makeDatabase } from '../../storage/database.module.js';
import { PostgresVaultAdapter } from './postgres-vault.adapter.js';

/** More than the parameters of one statement, four to a row. */
const VALUES = 20_000;

let dir: string;
let postgres: TestPostgres;
let database: Database;
let vault: PostgresVaultAdapter;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-vault-'));
  writeFileSync(join(dir, 'vault.key'), randomBytes(32).toString('base64url'));
  postgres = await startPostgres();
  const config = { pgUrl: await postgres.createSchema() } as GuardConfig;
  database = makeDatabase(config, createLogger({ service: 'guard', level: 'fatal' }));
  vault = new PostgresVaultAdapter(database, KeyRing.load(dir));
});
afterAll(async () => {
  await database.close();
  await postgres.stop();
  rmSync(dir, { recursive: true });
});

it('keeps and opens more values at once than one statement takes', async () => {
  const items = Array.from({ length: VALUES }, (_, n) => ({
    token: `[[EMAIL:${n}]]`,
    class: 'EMAIL' as const,
    value: `a${n}@b.co`,
  }));
  await vault.keep('demo', items);
  const opened = await vault.open(
    'demo',
    items.map(({ token }) => token),
  );
  expect(opened.size).toBe(VALUES);
  expect(opened.get(`[[EMAIL:${VALUES - 1}]]`)).toBe(`a${VALUES - 1}@b.co`);
  expect(await vault.open('other', [items[0]!.token])).toEqual(new Map());
});
