import { Controller, Inject } from '@nestjs/common';
import { Work } from '@signalbox/app-runtime';
import type { WorkMessage } from '@signalbox/bus';
import type { AuditNoteV1 } from '@signalbox/contracts';
import { sha256Hex } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import { Note } from '../archive/entities/note.entity.js';

const CONCURRENCY = 16;

/** Keeps what the services say of things that belong to no run. */
@Controller()
export class NotesHandler {
  constructor(@Inject(Database) private readonly database: Database) {}

  @Work('audit-notes', { concurrency: CONCURRENCY })
  async keep(body: AuditNoteV1, message: WorkMessage<AuditNoteV1>): Promise<void> {
    await this.database.open();
    const id = sha256Hex(`${message.subject} ${message.id ?? JSON.stringify(body)}`);
    const { kind, service, facts, at } = body;
    const note = { id, tenant: message.tenant, kind, service, facts, at };
    await this.database.run((manager) => manager.createQueryBuilder().insert().into(Note).values(note).orIgnore().execute());
  }
}
