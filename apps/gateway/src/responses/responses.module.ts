import { Module } from '@nestjs/common';
import { MeshModule } from '../mesh/mesh.module.js';
import { ResponsesController } from './responses.controller.js';
import { ResponsesService } from './responses.service.js';

@Module({ imports: [MeshModule], controllers: [ResponsesController], providers: [ResponsesService] })
export class ResponsesModule {}
