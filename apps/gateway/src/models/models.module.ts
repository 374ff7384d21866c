import { Module } from '@nestjs/common';
import { MeshModule } from '../mesh/mesh.module.js';
import { ModelsController } from './models.controller.js';

@Module({ imports: [MeshModule], controllers: [ModelsController] })
export class ModelsModule {}
