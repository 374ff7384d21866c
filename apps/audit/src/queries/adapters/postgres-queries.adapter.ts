import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@signalbox/persistence';
import { LessThan, MoreThan } from 'typeorm';
import { ArchivedRun } from '../../archive/entities/archived-run.entity.js';
import { type CostKey, type CostRow, QueriesPort, type RunFilter } from '../queries.port.js';

const COLUMN: Record<CostKey, 'userId' | 'agent' | 'model'> = { user: 'userId', agent: 'agent', model: 'model' };
const OPEN_MS = 2_000;

@Injectable()
export class PostgresQueriesAdapter extends QueriesPort {
  constructor(@Inject(Database) private readonly database: Database) {
    super();
  }

  override async runs(tenant: string, filter: RunFilter): Promise<ArchivedRun[]> {
    const { status, agent, userId, before, limit } = filter;
    const where = {
      tenant,
      ...(status ? { status } : {}),
      ...(agent ? { agent } : {}),
      ...(userId ? { userId } : {}),
      ...(before === undefined ? {} : { acceptedAt: LessThan(before) }),
    };
    await this.database.open(OPEN_MS);
    return this.database.run((manager) => manager.find(ArchivedRun, { where, order: { acceptedAt: 'desc', runId: 'desc' }, take: limit }));
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
