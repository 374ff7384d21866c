import { Module } from '@nestjs/common';
import { BusHotJournalsAdapter } from './adapters/bus-hot-journals.adapter.js';
import { HotJournalsPort } from './hot-journals.port.js';

@Module({ providers: [{ provide: HotJournalsPort, useClass: BusHotJournalsAdapter }], exports: [HotJournalsPort] })
export class HotJournalsModule {}
