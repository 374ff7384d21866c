import { Module } from '@nestjs/common';
import { DatabaseModule } from '../archive/database.module.js';
import { NotesHandler } from './notes.handler.js';

@Module({ imports: [DatabaseModule], controllers: [NotesHandler], providers: [NotesHandler], exports: [NotesHandler] })
export class NotesModule {}
