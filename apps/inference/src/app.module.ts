import { Module } from '@nestjs/common';
import { CallsModule } from './calls/calls.module.js';

@Module({ imports: [CallsModule] })
export class AppModule {}
