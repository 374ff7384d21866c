import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import { Database } from '@signalbox/persistence';
import type { Logger } from '@signalbox/telemetry';
import type { AuditConfig } from '../config.js';
import { ArchivedRun } from './entities/archived-run.entity.js';
import { Checkpoint } from './entities/checkpoint.entity.js';
import { JournalChunk } from './entities/journal-chunk.entity.js';
import { Note } from './entities/note.entity.js';
import { RunsByEnd1796610000000 } from '../calls/migrations/runs-by-end-1796610000000.migration.js';
import { IncidentRow } from '../incidents/entities/incident.entity.js';
import { Incidents1796428800000 } from '../incidents/migrations/incidents-1796428800000.migration.js';
import { LetterMark } from '../letters/entities/letter-mark.entity.js';
import { LetterMarks1795500000000 } from '../letters/migrations/letter-marks-1795500000000.migration.js';
import { Archive1795392000000 } from './migrations/archive-1795392000000.migration.js';
import { Chunks1796083200000 } from './migrations/chunks-1796083200000.migration.js';
import { ClaimedBodies1795996800000 } from './migrations/claimed-bodies-1795996800000.migration.js';
import { Incarnations1795910400000 } from './migrations/incarnations-1795910400000.migration.js';
import { Segments1796990000000 } from './migrations/segments-1796990000000.migration.js';
import { Trims1795824000000 } from './migrations/trims-1795824000000.migration.js';
import { EntriesAsWritten1795399200000 } from './migrations/entries-as-written-1795399200000.migration.js';

function makeDatabase(config: AuditConfig, logger: Logger): Database {
  return new Database({
    url: config.pgUrl,
    entities: [JournalChunk, ArchivedRun, Checkpoint, Note, LetterMark, IncidentRow],
    migrations: [
      Archive1795392000000,
      EntriesAsWritten1795399200000,
      Trims1795824000000,
      Incarnations1795910400000,
      LetterMarks1795500000000,
      ClaimedBodies1795996800000,
      Chunks1796083200000,
      Incidents1796428800000,
      RunsByEnd1796610000000,
      Segments1796990000000,
    ],
    applicationName: 'signalbox audit',
    logger,
  });
}

/** Schema `audit`. Opened by whoever needs it first: audit starts, and waits, while Postgres is away. */
@Module({
  providers: [{ provide: Database, useFactory: makeDatabase, inject: [CONFIG, LOGGER] }],
  exports: [Database],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database) {}

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
