import { Module } from '@nestjs/common';
import { MeshModule } from '../mesh/mesh.module.js';
import { ApprovalsController } from './approvals.controller.js';

@Module({ imports: [MeshModule], controllers: [ApprovalsController] })
export class ApprovalsModule {}
