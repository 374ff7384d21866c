import { Module } from '@nestjs/common';
import { ApprovalsModule } from './approvals/approvals.module.js';
import { ControlsModule } from './controls/controls.module.js';
import { ModelsModule } from './models/models.module.js';
import { ResponsesModule } from './responses/responses.module.js';

@Module({ imports: [ApprovalsModule, ModelsModule, ResponsesModule, ControlsModule] })
export class AppModule {}
