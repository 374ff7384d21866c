import { Inject, Injectable } from '@nestjs/common';
import { sha256Hex } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import { LessThan } from 'typeorm';
import { Note } from '../../archive/entities/note.entity.js';
import { type Boundary, SELF_TEST } from '../boundary.js';
import { IncidentRow } from '../entities/incident.entity.js';
import type { Happening, Incident } from '../incident.js';
import { type IncidentFilter, IncidentsPort } from '../incidents.port.js';

/** How long one call waits for a database that is away, ms. */
const OPEN_MS = 2_000;
const KEEP_MS = 400 * 86_400_000;
/** Old ones removed with each new one. */
const SWEPT_MAX = 100;
const ID_CHARS = 20;

@Injectable()
export class PostgresIncidentsAdapter extends IncidentsPort {
  constructor(@Inject(Database) private readonly database: Database) {
    super();
  }

  override async keep({ at, ...happening }: Happening): Promise<void> {
    const { tenant, kind, what, subject, seq } = happening;
    const id = `inc_${sha256Hex([tenant, kind, what, subject].join('\n')).slice(0, ID_CHARS)}`;
    await this.database.open(OPEN_MS);
    await this.database.transaction(async (manager) => {
      const [row]: { count: number }[] = await manager.query(
        `insert into incidents (id, tenant, kind, what, subject, seq, first_at, last_at, count)
         values ($1, $2, $3, $4, $5, $6, $7, $7, 1)
         on conflict (id) do update set count = incidents.count + 1, last_at = greatest(incidents.last_at, excluded.last_at)
         returning count`,
        [id, tenant, kind, what, subject, seq, at],
      );
      if (row?.count !== 1) return;
      const facts = { incident: id, what, subject: subject.slice(0, 500), seq };
      await manager
        .createQueryBuilder()
        .insert()
        .into(Note)
        .values({ id: `note_${id}`, tenant, kind: `incident-${kind}`, service: 'audit', facts, at })
        .orIgnore()
        .execute();
      await manager.query(
        'delete from incidents where id in (select id from incidents where last_at < $1 order by last_at limit $2)',
        [at - KEEP_MS, SWEPT_MAX],
      );
    });
  }

  override async boundary(tenant: string): Promise<Boundary | null> {
    await this.database.open(OPEN_MS);
    const note = await this.database.run((manager) =>
      manager.findOne(Note, { where: { tenant, kind: SELF_TEST }, order: { at: 'desc' } }),
    );
    return note && { ok: note.facts['ok'] === true, attempts: Number(note.facts['attempts']), at: note.at };
  }

  override async list(tenant: string, { before, limit }: IncidentFilter): Promise<Incident[]> {
    await this.database.open(OPEN_MS);
    return this.database.run((manager) =>
      manager.find(IncidentRow, {
        where: { tenant, ...(before === undefined ? {} : { lastAt: LessThan(before) }) },
        order: { lastAt: 'desc', id: 'asc' },
        take: limit,
      }),
    );
  }
}
