import { Module } from '@nestjs/common';
import { AdmissionModule } from '../admission/admission.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { LettersHandler } from './letters.handler.js';
import { LettersService } from './letters.service.js';

@Module({ imports: [AdmissionModule, RunsModule], controllers: [LettersHandler], providers: [LettersService] })
export class LettersModule {}
