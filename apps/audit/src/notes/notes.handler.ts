import { Controller, Inject } from '@nestjs/common';
import { Work } from '@signalbox/app-runtime';
import type { WorkMessage } from '@signalbox/bus';
import type { AuditNoteV1 } from '@signalbox/contracts';
import { backoffMs, canonicalJson, MeshError, pause, sha256Hex } from '@signalbox/kernel';
import { Database } from '@signalbox/persistence';
import { boundaryFault } from '../incidents/boundary.js';
import { IncidentsService } from '../incidents/incidents.service.js';
import { Note } from '../archive/entities/note.entity.js';

const CONCURRENCY = 16;
/** How long one try waits for a database that is away, ms. */
const OPEN_MS = 2_000;
/** Between two tries: first and longest. */
const AGAIN_MS = 200;
const AGAIN_MS_MAX = 5_000;

/** Keeps what the services say of things that belong to no run. */
@Controller()
export class NotesHandler {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(IncidentsService) private readonly incidents: IncidentsService,
  ) {}

  /** Waits for a database that is away: the deliveries of a message are few, and a note has time. */
  @Work('audit-notes', { concurrency: CONCURRENCY })
  async keep(body: AuditNoteV1, message: WorkMessage<AuditNoteV1>): Promise<void> {
    const { kind, service, facts, at } = body;
    const id = sha256Hex(`${message.subject}\n${message.id ?? ''}\n${canonicalJson(body)}`);
    const happening = boundaryFault(message.subject, message.tenant, body);
    if (happening !== null && message.deliveries === 1) this.incidents.raise(happening);
    const note = { id, tenant: message.tenant, kind, service, facts, at };
    for (let round = 0; ; round++) {
      try {
        return await this.#insert(note);
      } catch (error) {
        if (MeshError.from(error).code !== 'STORE_UNAVAILABLE' || message.signal.aborted) throw error;
        await pause(backoffMs(round, AGAIN_MS, AGAIN_MS_MAX), message.signal);
      }
    }
  }

  async #insert(note: Note): Promise<void> {
    await this.database.open(OPEN_MS);
    await this.database.run((manager) =>
      manager.createQueryBuilder().insert().into(Note).values(note).orIgnore().execute(),
    );
  }
}
