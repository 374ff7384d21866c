import { Module } from '@nestjs/common';
import { DatabaseModule } from '../archive/database.module.js';
import { IncidentsModule } from '../incidents/incidents.module.js';
import { PostgresNotesAdapter } from './adapters/postgres-notes.adapter.js';
import { NotesController } from './notes.controller.js';
import { NotesHandler } from './notes.handler.js';
import { NotesPort } from './notes.port.js';

@Module({
  imports: [DatabaseModule, IncidentsModule],
  controllers: [NotesHandler, NotesController],
  providers: [NotesHandler, { provide: NotesPort, useClass: PostgresNotesAdapter }],
  exports: [NotesHandler],
})
export class NotesModule {}
