import { Module } from '@nestjs/common';
import { ArchiveModule } from './archive/archive.module.js';
import { ArchivistModule } from './archivist/archivist.module.js';
import { LettersModule } from './letters/letters.module.js';
import { NotesModule } from './notes/notes.module.js';
import { QueriesModule } from './queries/queries.module.js';

@Module({ imports: [ArchiveModule, ArchivistModule, LettersModule, NotesModule, QueriesModule] })
export class AppModule {}
