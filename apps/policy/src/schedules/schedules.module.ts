import { Module } from '@nestjs/common';
import { StorageModule } from '../storage/storage.module.js';
import { BusFiringAdapter } from './adapters/bus-firing.adapter.js';
import { PostgresSchedulesAdapter } from './adapters/postgres-schedules.adapter.js';
import { FirerService } from './firer.service.js';
import { FiringPort } from './firing.port.js';
import { SchedulesController } from './schedules.controller.js';
import { SchedulesPort } from './schedules.port.js';
import { SchedulesService } from './schedules.service.js';

@Module({
  imports: [StorageModule],
  controllers: [SchedulesController],
  providers: [
    SchedulesService,
    FirerService,
    { provide: SchedulesPort, useClass: PostgresSchedulesAdapter },
    { provide: FiringPort, useClass: BusFiringAdapter },
  ],
})
export class SchedulesModule {}
