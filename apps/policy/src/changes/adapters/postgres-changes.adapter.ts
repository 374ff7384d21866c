import { Injectable } from '@nestjs/common';
import { Database } from '@signalbox/persistence';
import type { Change } from '../change.js';
import { type ChangeFilter, ChangesPort } from '../changes.port.js';

/** A page ends after the change that passes this: one alone may have half a megabyte. */
const PAGE_BYTES = 1_000_000;

const COLUMNS = `seq, at, principal, request_id as "requestId", action, resource, before, after, previous, hash`;

type Row = Omit<Change, 'at'> & { at: string };

@Injectable()
export class PostgresChangesAdapter extends ChangesPort {
  constructor(private readonly database: Database) {
    super();
  }

  override async list(log: string, filter: ChangeFilter): Promise<{ changes: Change[]; more: boolean }> {
    const { before, limit, resource, principal } = filter;
    const rows = await this.database.run((manager) =>
      manager.query<(Row & { found: number })[]>(
        `select ${COLUMNS}, found from (
           select *, (sum(bytes) over (order by seq desc)) - bytes as bytes_before, (count(*) over ())::integer as found
           from (
             select * from changes
             where log = $1 and ($2::integer is null or seq < $2) and ($3::text is null or resource = $3)
               and ($4::text is null or principal ->> 'id' = $4)
             order by seq desc limit $5
           ) wanted
         ) measured
         where bytes_before < $6 order by seq desc limit $7`,
        [log, before ?? null, resource ?? null, principal ?? null, limit + 1, PAGE_BYTES, limit],
      ),
    );
    return {
      changes: rows.map(({ found: _found, ...row }) => changeFrom(row)),
      more: (rows[0]?.found ?? 0) > rows.length,
    };
  }

  override async untold(limit: number): Promise<{ log: string; change: Change }[]> {
    const rows = await this.database.run((manager) =>
      manager.query<(Row & { log: string })[]>(
        `select log, ${COLUMNS} from changes join change_outbox using (log, seq) order by log, seq limit $1`,
        [limit],
      ),
    );
    return rows.map(({ log, ...row }) => ({ log, change: changeFrom(row) }));
  }

  override async markTold(log: string, seq: number): Promise<void> {
    await this.database.run((manager) =>
      manager.query('delete from change_outbox where log = $1 and seq = $2', [log, seq]),
    );
  }
}

/** Postgres gives a bigint as text. */
const changeFrom = (row: Row): Change => ({ ...row, at: Number(row.at) });
