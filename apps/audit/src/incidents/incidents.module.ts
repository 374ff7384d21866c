import { Module } from '@nestjs/common';
import { PolicyModule } from '@signalbox/app-runtime';
import { DatabaseModule } from '../archive/database.module.js';
import { PostgresIncidentsAdapter } from './adapters/postgres-incidents.adapter.js';
import { IncidentsController } from './incidents.controller.js';
import { IncidentsPort } from './incidents.port.js';
import { IncidentsService } from './incidents.service.js';
import { SamplerService } from './sampler.service.js';

@Module({
  imports: [DatabaseModule, PolicyModule],
  controllers: [IncidentsController],
  providers: [IncidentsService, SamplerService, { provide: IncidentsPort, useClass: PostgresIncidentsAdapter }],
  exports: [IncidentsService],
})
export class IncidentsModule {}
