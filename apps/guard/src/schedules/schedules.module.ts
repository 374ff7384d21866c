import { Module } from '@nestjs/common';
import { AdmissionModule } from '../admission/admission.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { FireHandler } from './fire.handler.js';
import { FireService } from './fire.service.js';

@Module({ imports: [AdmissionModule, RunsModule], controllers: [FireHandler], providers: [FireService] })
export class SchedulesModule {}
