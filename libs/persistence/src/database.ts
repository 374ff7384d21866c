import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { CONNECT_TIMEOUT_MS, createDataSource, type DatabaseOptions, schemaName } from './data-source.js';
import { storeError } from './store-error.js';

const START_TIMEOUT_MS = 60_000;
const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 3_000;
const MIGRATION_LOCK_POLL_MS = 100;
const HEALTH_TIMEOUT_MS = 2_000;

/** A service's Postgres: waits for it, migrates it, and words every failure as a MeshError. */
export class Database {
  #dataSource: DataSource | undefined;
  #opening: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor(private readonly options: DatabaseOptions) {}

  /**
   * Connects and runs the migrations that are missing, one process at a time. Tries again while Postgres is starting or
   * away, up to `timeoutMs` (default 60 s): then STORE_UNAVAILABLE. CONFIG_INVALID at once when it refuses the user.
   */
  open(timeoutMs: number = START_TIMEOUT_MS): Promise<void> {
    this.#opening ??= this.#open(Date.now() + timeoutMs).finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  /** For what the methods here do not offer. STORE_UNAVAILABLE before `open` has succeeded. */
  get dataSource(): DataSource {
    if (this.#dataSource) return this.#dataSource;
    throw new MeshError('STORE_UNAVAILABLE', 'The database is not connected yet.');
  }

  /** Runs `work` outside a transaction of its own. */
  async run<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await work(this.dataSource.manager);
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Runs `work` in a transaction: committed when it resolves, undone when it throws. */
  async transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.dataSource.transaction(work);
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Whether a query is answered now, within two seconds. */
  async health(): Promise<{ ok: boolean; why?: string }> {
    const timer = new AbortController();
    const late = pause(HEALTH_TIMEOUT_MS, timer.signal).then((): never => {
      throw new MeshError('STORE_UNAVAILABLE', 'The database does not answer.');
    });
    late.catch(() => undefined);
    try {
      await Promise.race([this.run((manager) => manager.query('select 1')), late]);
      return { ok: true };
    } catch (error) {
      return { ok: false, why: storeError(error).message };
    } finally {
      timer.abort();
    }
  }

  /** Ends all connections; what waits for `open` ends with STORE_UNAVAILABLE. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#opening?.catch(() => undefined);
    const dataSource = this.#dataSource;
    this.#dataSource = undefined;
    await dataSource?.destroy().catch(() => undefined);
  }

  async #open(deadline: number): Promise<void> {
    for (let attempt = 0; this.#dataSource === undefined; attempt++) {
      this.#assertOpen();
      try {
        this.#dataSource = await this.#connect(deadline);
      } catch (error) {
        const fault = storeError(error);
        if (fault.code !== 'STORE_UNAVAILABLE' || Date.now() >= deadline) throw fault;
        if (attempt === 0) this.options.logger?.warn({ err: fault }, 'waiting for the database');
        await pause(
          Math.min(backoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS), Math.max(0, deadline - Date.now())),
          this.#closing.signal,
        );
      }
    }
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new MeshError('STORE_UNAVAILABLE', 'The database was closed.');
  }

  /** One connection of its own holds the migration lock, so that its loss frees the lock. */
  async #connect(deadline: number): Promise<DataSource> {
    const { url, schema, connectTimeoutMs } = this.options;
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    });
    client.on('error', () => undefined);
    const dataSource = createDataSource(this.options);
    try {
      await client.connect();
      await this.#lockMigrations(client, deadline);
      if (schema !== undefined) await ensureSchema(client, schemaName(schema));
      await dataSource.initialize();
      await dataSource.runMigrations();
      return dataSource;
    } catch (error) {
      if (dataSource.isInitialized) await dataSource.destroy().catch(() => undefined);
      throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #lockMigrations(client: pg.Client, deadline: number): Promise<void> {
    const lockName = `signalbox migrations ${this.options.schema ?? ''}`;
    for (;;) {
      this.#assertOpen();
      const { rows } = await client.query<{ mine: boolean }>(
        'select pg_try_advisory_lock(hashtextextended($1, 0)) as mine',
        [lockName],
      );
      if (rows[0]?.mine) return;
      if (Date.now() >= deadline)
        throw new MeshError('STORE_UNAVAILABLE', 'Another process is migrating the database and does not end.');
      await pause(MIGRATION_LOCK_POLL_MS, this.#closing.signal);
    }
  }
}

/** Asked for only when it is missing: a role that owns its schema may lack the right to make one. */
async function ensureSchema(client: pg.Client, schema: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_namespace where nspname = $1', [schema]);
  if (rowCount === 0) await client.query(`create schema ${schema}`);
}
