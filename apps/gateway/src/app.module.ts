import { Module } from '@nestjs/common';
import { ModelsModule } from './models/models.module.js';
import { ResponsesModule } from './responses/responses.module.js';

@Module({ imports: [ModelsModule, ResponsesModule] })
export class AppModule {}
