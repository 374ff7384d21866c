import { Inject, Injectable } from '@nestjs/common';
import { newId } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import { In } from 'typeorm';
import { Note } from '../../archive/entities/note.entity.js';
import { LetterMark } from '../entities/letter-mark.entity.js';
import { type Mark, MarksPort } from '../marks.port.js';

/** How long one call waits for a database that is away, ms. */
const OPEN_MS = 2_000;
/** Marks outlive the letters, which are kept for 30 days. */
const KEEP_MS = 40 * 86_400_000;
/** Old marks removed with each new one. */
const SWEPT_MAX = 100;

@Injectable()
export class PostgresMarksAdapter extends MarksPort {
  constructor(@Inject(Database) private readonly database: Database) {
    super();
  }

  override async of(tenant: string, letters: readonly string[]): Promise<Map<string, Mark>> {
    if (letters.length === 0) return new Map();
    await this.database.open(OPEN_MS);
    const rows = await this.database.run((manager) => manager.findBy(LetterMark, { tenant, letter: In([...letters]) }));
    return new Map(rows.map(({ letter, state, by, at }) => [letter, { letter, state, by, at }]));
  }

  override async put(tenant: string, mark: Mark): Promise<void> {
    await this.database.open(OPEN_MS);
    await this.database.run(async (manager) => {
      await manager
        .createQueryBuilder()
        .insert()
        .into(LetterMark)
        .values({ tenant, ...mark })
        .orIgnore()
        .execute();
      await manager.query(
        `delete from letter_marks where (tenant, letter) in
           (select tenant, letter from letter_marks where at < $1 order by at limit $2)`,
        [mark.at - KEEP_MS, SWEPT_MAX],
      );
    });
  }

  override async note(tenant: string, kind: string, facts: Note['facts']): Promise<void> {
    await this.database.open(OPEN_MS);
    const note = { id: newId('note'), tenant, kind, service: 'audit', facts, at: Date.now() };
    await this.database.run((manager) => manager.insert(Note, note));
  }
}
