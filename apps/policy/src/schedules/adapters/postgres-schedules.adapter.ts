import { Injectable } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import { MoreThan } from 'typeorm';
import { recordChange } from '../../changes/adapters/postgres-change-record.js';
import type { ChangeDraft } from '../../changes/change.js';
import { TenantEntity } from '../../storage/entities/tenant.entity.js';
import type { Page } from '../../storage/policy.repository.js';
import { ScheduleEntity } from '../entities/schedule.entity.js';
import { type ScheduleChange, SchedulesPort, type Settled, type StoredSchedule } from '../schedules.port.js';

@Injectable()
export class PostgresSchedulesAdapter extends SchedulesPort {
  constructor(private readonly database: Database) {
    super();
  }

  override list(tenant: string, { after, limit }: Page): Promise<StoredSchedule[]> {
    return this.database.run(async (manager) => {
      const where = { tenant, id: MoreThan(after) };
      const rows = await manager.find(ScheduleEntity, { where, order: { id: 'ASC' }, take: limit });
      return rows.map(storedFrom);
    });
  }

  override get(tenant: string, id: string): Promise<StoredSchedule | null> {
    return this.database.run(async (manager) => {
      const row = await manager.findOneBy(ScheduleEntity, { tenant, id });
      return row && storedFrom(row);
    });
  }

  override change(
    tenant: string,
    id: string,
    change: (before: StoredSchedule | null, count: number) => ScheduleChange | null,
  ): Promise<StoredSchedule | null> {
    return this.database.transaction(async (manager) => {
      const owner = await manager.findOne(TenantEntity, { where: { id: tenant }, lock: { mode: 'pessimistic_write' } });
      if (!owner) throw new MeshError('NOT_FOUND', `There is no tenant ${tenant}.`);
      const before = await manager.findOneBy(ScheduleEntity, { tenant, id });
      const wanted = change(before && storedFrom(before), await manager.countBy(ScheduleEntity, { tenant }));
      await recordChange(manager, tenant, draftOf(id, before?.definition, wanted?.schedule));
      if (!wanted) {
        await manager.delete(ScheduleEntity, { tenant, id });
        return null;
      }
      const { schedule, sealed, preview, nextAt } = wanted;
      const kept = before ?? { runId: null, last: null, started: 0, missed: 0 };
      const row = Object.assign(new ScheduleEntity(), {
        ...kept,
        tenant,
        id,
        definition: schedule,
        sealed,
        preview,
        nextAt,
        revision: (before?.revision ?? 0) + 1,
        updatedAt: new Date(),
        claimedUntil: 0,
      });
      return storedFrom(await manager.save(row));
    });
  }

  override claim(nowMs: number, untilMs: number, limit: number): Promise<StoredSchedule[]> {
    return this.database.transaction(async (manager) => {
      const due = await manager
        .createQueryBuilder(ScheduleEntity, 'schedule')
        .where('schedule.nextAt <= :nowMs and schedule.claimedUntil <= :nowMs', { nowMs })
        .orderBy('schedule.nextAt')
        .limit(limit)
        .setLock('pessimistic_write')
        .setOnLocked('skip_locked')
        .getMany();
      for (const { tenant, id } of due) await manager.update(ScheduleEntity, { tenant, id }, { claimedUntil: untilMs });
      return due.map(storedFrom);
    });
  }

  override async settle(claimed: StoredSchedule, { nextAt, last, missed }: Settled): Promise<void> {
    const { tenant, schedule, revision } = claimed;
    const began = last.outcome === 'started' || last.outcome === 'again';
    await this.database.run((manager) =>
      manager.query(
        `update schedules set next_at = $4, last = $5, run_id = coalesce($6, run_id), claimed_until = 0,
                started = started + $7, missed = missed + $8
         where tenant = $1 and id = $2 and revision = $3 and next_at = $9`,
        [
          tenant,
          schedule.id,
          revision,
          nextAt,
          JSON.stringify(last),
          began ? last.runId : null,
          began ? 1 : 0,
          missed,
          claimed.nextAt,
        ],
      ),
    );
  }

  override async release({ tenant, schedule, revision }: StoredSchedule, untilMs: number): Promise<void> {
    await this.database.run((manager) =>
      manager.update(ScheduleEntity, { tenant, id: schedule.id, revision }, { claimedUntil: untilMs }),
    );
  }
}

/** What a schedule asks is personal; the log has when and for whom. */
function draftOf(id: string, before: object | undefined, after: object | undefined): ChangeDraft {
  const action = before === undefined ? 'created' : after === undefined ? 'removed' : 'changed';
  return { action, resource: `schedules/${id}`, before: before ?? null, after: after ?? null };
}

function storedFrom(row: ScheduleEntity): StoredSchedule {
  const { id: _id, definition, claimedUntil: _until, ...rest } = row;
  return { ...rest, schedule: definition };
}
