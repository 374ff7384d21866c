import { Module } from '@nestjs/common';
import { LettersHandler } from './letters.handler.js';
import { LettersService } from './letters.service.js';

@Module({ controllers: [LettersHandler], providers: [LettersService] })
export class LettersModule {}
