import { Module } from '@nestjs/common';
import { MeshModule } from '../mesh/mesh.module.js';
import { ControlsController } from './controls.controller.js';

@Module({ imports: [MeshModule], controllers: [ControlsController] })
export class ControlsModule {}
