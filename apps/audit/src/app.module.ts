import { Module } from '@nestjs/common';
import { AccessModule, BusPrincipalsAdapter } from '@signalbox/access';
import { ArchiveModule } from './archive/archive.module.js';
import { ArchivistModule } from './archivist/archivist.module.js';
import { CallsModule } from './calls/calls.module.js';
import { IncidentsModule } from './incidents/incidents.module.js';
import { LettersModule } from './letters/letters.module.js';
import { NotesModule } from './notes/notes.module.js';
import { QueriesModule } from './queries/queries.module.js';

@Module({
  imports: [
    AccessModule.with(BusPrincipalsAdapter),
    ArchiveModule,
    ArchivistModule,
    CallsModule,
    IncidentsModule,
    LettersModule,
    NotesModule,
    QueriesModule,
  ],
})
export class AppModule {}
