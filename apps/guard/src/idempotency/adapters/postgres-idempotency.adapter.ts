import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@signalbox/app-runtime';
import { Database } from '@signalbox/persistence';
import { IsNull } from 'typeorm';
import type { GuardConfig } from '../../config.js';
import { IdempotencyKey } from '../entities/idempotency-key.entity.js';
import { IdempotencyPort, type KeyedRequest, type Standing } from '../idempotency.port.js';

@Injectable()
export class PostgresIdempotencyAdapter extends IdempotencyPort {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CONFIG) private readonly config: GuardConfig,
  ) {
    super();
  }

  override async reserve(request: KeyedRequest, keepMs: number): Promise<Standing> {
    const { tenant, requestId, fingerprint, runId } = request;
    await this.database.open(this.config.idempotencyWaitMs);
    // The idle update makes one statement give the standing row, also to whoever lost the race for it.
    const [row] = await this.database.run((manager) =>
      manager.query<{ fingerprint: string; run_id: string; started: boolean }[]>(
        `insert into idempotency_keys as kept (tenant, request_id, fingerprint, run_id, expires_at)
         values ($1, $2, $3, $4, now() + $5 * interval '1 millisecond')
         on conflict (tenant, request_id) do update set run_id = kept.run_id
         returning fingerprint, run_id, started_at is not null as started`,
        [tenant, requestId, fingerprint, runId, keepMs],
      ),
    );
    return { fingerprint: row!.fingerprint, runId: row!.run_id, started: row!.started };
  }

  override async markStarted({ tenant, requestId }: KeyedRequest): Promise<void> {
    await this.database.open(this.config.idempotencyWaitMs);
    await this.database.run((manager) =>
      manager.update(IdempotencyKey, { tenant, requestId, startedAt: IsNull() }, { startedAt: new Date() }),
    );
  }

  override async sweep(rowsMax: number): Promise<number> {
    await this.database.open(this.config.idempotencyWaitMs);
    return this.database.run(async (manager) => {
      const gone = await manager.query<unknown[]>(
        `with gone as (
           delete from idempotency_keys where (tenant, request_id) in (
             select tenant, request_id from idempotency_keys where expires_at < now()
             order by expires_at limit $1 for update skip locked
           ) returning 1 as one
         ) select one from gone`,
        [rowsMax],
      );
      return gone.length;
    });
  }
}
