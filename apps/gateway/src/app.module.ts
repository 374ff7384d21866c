import { Module } from '@nestjs/common';
import { ControlsModule } from './controls/controls.module.js';
import { ModelsModule } from './models/models.module.js';
import { ResponsesModule } from './responses/responses.module.js';

@Module({ imports: [ModelsModule, ResponsesModule, ControlsModule] })
export class AppModule {}
