import { Module } from '@nestjs/common';
import { DatabaseModule } from '../archive/database.module.js';
import { IncidentsModule } from '../incidents/incidents.module.js';
import { NotesHandler } from './notes.handler.js';

@Module({
  imports: [DatabaseModule, IncidentsModule],
  controllers: [NotesHandler],
  providers: [NotesHandler],
  exports: [NotesHandler],
})
export class NotesModule {}
