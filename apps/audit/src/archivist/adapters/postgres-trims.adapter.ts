import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@signalbox/persistence';
import type { RunRef } from '../../archive/archive.port.js';
import { type DueRun, type Tombstone, TrimsPort } from '../trims.port.js';

/** How long one call waits for a database that is away, ms. */
const OPEN_MS = 2_000;

@Injectable()
export class PostgresTrimsAdapter extends TrimsPort {
  constructor(@Inject(Database) private readonly database: Database) {
    super();
  }

  override due(endedBeforeMs: number, limit: number): Promise<DueRun[]> {
    return this.#ask(
      `select tenant, run_id as "runId", place = 'leaving' as "isLeaving" from runs
       where closed and place in ('hot', 'leaving') and ended_at < $1 order by ended_at limit $2`,
      [endedBeforeMs, limit],
    );
  }

  override async leaving({ tenant, runId }: RunRef): Promise<void> {
    await this.#ask(`update runs set place = 'leaving' where tenant = $1 and run_id = $2`, [tenant, runId]);
  }

  override async trimmed({ tenant, runId, seq }: Tombstone, nowMs: number): Promise<void> {
    await this.#ask(
      `with moved as (update runs set place = 'trimmed' where tenant = $1 and run_id = $2)
       insert into tombstones (tenant, run_id, seq, trimmed_at) values ($1, $2, $3, $4)
       on conflict (tenant, run_id) do update set seq = excluded.seq, trimmed_at = excluded.trimmed_at`,
      [tenant, runId, seq, nowMs],
    );
  }

  override async kept({ tenant, runId }: RunRef): Promise<void> {
    await this.#ask(`update runs set place = 'kept' where tenant = $1 and run_id = $2`, [tenant, runId]);
  }

  override async expired(trimmedBeforeMs: number, limit: number): Promise<Tombstone[]> {
    const rows = await this.#ask<Tombstone & { seq: unknown }>(
      'select tenant, run_id as "runId", seq from tombstones where trimmed_at < $1 order by trimmed_at limit $2',
      [trimmedBeforeMs, limit],
    );
    return rows.map(({ tenant, runId, seq }) => ({ tenant, runId, seq: Number(seq) }));
  }

  override async forget({ tenant, runId }: RunRef): Promise<void> {
    await this.#ask('delete from tombstones where tenant = $1 and run_id = $2', [tenant, runId]);
  }

  async #ask<R>(text: string, values: unknown[]): Promise<R[]> {
    await this.database.open(OPEN_MS);
    return this.database.run((manager) => manager.query(text, values));
  }
}
