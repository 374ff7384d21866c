import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@signalbox/persistence';
import { And, type FindOptionsWhere, LessThan, MoreThan } from 'typeorm';
import { ArchivedRun } from '../../archive/entities/archived-run.entity.js';
import { type CostKey, type CostRow, type Page, QueriesPort, type RunFilter } from '../queries.port.js';

const COLUMN = { tenant: 'tenant', user: 'userId', agent: 'agent', model: 'model' } as const satisfies Record<
  CostKey,
  keyof ArchivedRun
>;
const OPEN_MS = 2_000;

@Injectable()
export class PostgresQueriesAdapter extends QueriesPort {
  constructor(@Inject(Database) private readonly database: Database) {
    super();
  }

  override async runs(tenant: string, filter: RunFilter): Promise<Page<ArchivedRun>> {
    const { limit } = filter;
    await this.database.open(OPEN_MS);
    const order = { acceptedAt: 'desc', runId: 'desc' } as const;
    const found = await this.database.run((manager) =>
      manager.find(ArchivedRun, { where: conditions(tenant, filter), order, take: limit + 1 }),
    );
    const data = found.slice(0, limit);
    const last = data.at(-1);
    return { data, next: found.length > limit && last ? `${last.acceptedAt}.${last.runId}` : null };
  }

  override async ended(
    tenant: string,
    { at, runId }: { at: number; runId: string },
    limit: number,
  ): Promise<ArchivedRun[]> {
    await this.database.open(OPEN_MS);
    const where = [
      { tenant, endedAt: MoreThan(at) },
      { tenant, endedAt: at, runId: MoreThan(runId) },
    ];
    const order = { endedAt: 'asc', runId: 'asc' } as const;
    return this.database.run((manager) => manager.find(ArchivedRun, { where, order, take: limit }));
  }

  override async run(tenant: string, runId: string): Promise<ArchivedRun | null> {
    await this.database.open(OPEN_MS);
    return this.database.run((manager) => manager.findOneBy(ArchivedRun, { tenant, runId }));
  }

  override async runIds(tenant: string, limit: number, after: string): Promise<string[]> {
    await this.database.open(OPEN_MS);
    const where = { tenant, runId: MoreThan(after) };
    const rows = await this.database.run((manager) =>
      manager.find(ArchivedRun, { where, select: { tenant: true, runId: true }, order: { runId: 'asc' }, take: limit }),
    );
    return rows.map((row) => row.runId);
  }

  override async cost(tenant: string, by: CostKey, sinceMs: number): Promise<CostRow[]> {
    await this.database.open(OPEN_MS);
    const query = (column: string): Promise<Record<string, string | null>[]> =>
      this.database.run((manager) =>
        manager
          .createQueryBuilder(ArchivedRun, 'run')
          .select(`run.${column}`, 'key')
          .addSelect('count(*)', 'runs')
          .addSelect('sum(run.inputTokens)', 'inputTokens')
          .addSelect('sum(run.outputTokens)', 'outputTokens')
          .addSelect('sum(run.costNanoUsd)', 'costNanoUsd')
          .where('run.tenant = :tenant and run.acceptedAt >= :sinceMs', { tenant, sinceMs })
          .groupBy(`run.${column}`)
          .orderBy('sum(run.costNanoUsd)', 'DESC')
          .getRawMany(),
      );
    return (await query(COLUMN[by])).map((row) => ({
      key: row['key'] ?? '(none)',
      runs: Number(row['runs']),
      inputTokens: Number(row['inputTokens']),
      outputTokens: Number(row['outputTokens']),
      costNanoUsd: Number(row['costNanoUsd']),
    }));
  }
}

/** Alternatives: several runs may have been accepted in the same millisecond. */
function conditions(tenant: string, filter: RunFilter): FindOptionsWhere<ArchivedRun>[] {
  const { status, agent, userId, before, after } = filter;
  const base = {
    tenant,
    ...(status === undefined ? {} : { status }),
    ...(agent === undefined ? {} : { agent }),
    ...(userId === undefined ? {} : { userId }),
  };
  const bounds = [before, after?.acceptedAt].filter((bound) => bound !== undefined);
  if (bounds.length === 0) return [base];
  const earlier = { ...base, acceptedAt: And(...bounds.map((bound) => LessThan(bound))) };
  if (after === undefined || (before !== undefined && before <= after.acceptedAt)) return [earlier];
  return [earlier, { ...base, acceptedAt: after.acceptedAt, runId: LessThan(after.runId) }];
}
