import { Module } from '@nestjs/common';
import { DatabaseModule } from '../archive/database.module.js';
import { NotesModule } from '../notes/notes.module.js';
import { BusLettersAdapter } from './adapters/bus-letters.adapter.js';
import { PostgresMarksAdapter } from './adapters/postgres-marks.adapter.js';
import { LettersController } from './letters.controller.js';
import { LettersPort } from './letters.port.js';
import { LettersService } from './letters.service.js';
import { MarksPort } from './marks.port.js';

@Module({
  imports: [DatabaseModule, NotesModule],
  controllers: [LettersController],
  providers: [
    LettersService,
    { provide: LettersPort, useClass: BusLettersAdapter },
    { provide: MarksPort, useClass: PostgresMarksAdapter },
  ],
})
export class LettersModule {}
