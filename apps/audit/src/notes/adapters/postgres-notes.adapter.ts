import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@signalbox/persistence';
import { In, LessThan } from 'typeorm';
import { Note } from '../../archive/entities/note.entity.js';
import { type NotesFilter, NotesPort } from '../notes.port.js';

const OPEN_MS = 2_000;

@Injectable()
export class PostgresNotesAdapter extends NotesPort {
  constructor(@Inject(Database) private readonly database: Database) {
    super();
  }

  override async list(tenant: string, { kinds, before, limit }: NotesFilter): Promise<Note[]> {
    await this.database.open(OPEN_MS);
    const where = { tenant, at: LessThan(before), ...(kinds === undefined ? {} : { kind: In(kinds) }) };
    const order = { at: 'desc', id: 'desc' } as const;
    return this.database.run((manager) => manager.find(Note, { where, order, take: limit }));
  }
}
