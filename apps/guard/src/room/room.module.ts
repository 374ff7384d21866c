import { PolicyModule } from '@signalbox/app-runtime';
import { Module } from '@nestjs/common';
import { BusLoadsAdapter } from './adapters/bus-loads.adapter.js';
import { KvRefusalsAdapter } from './adapters/kv-refusals.adapter.js';
import { LoadsPort } from './loads.port.js';
import { RefusalsPort } from './refusals.port.js';
import { RoomService } from './room.service.js';

@Module({
  imports: [PolicyModule],
  providers: [
    RoomService,
    { provide: LoadsPort, useClass: BusLoadsAdapter },
    { provide: RefusalsPort, useClass: KvRefusalsAdapter },
  ],
  exports: [RoomService, RefusalsPort],
})
export class RoomModule {}
