import { Module } from '@nestjs/common';
import { BusMeshAdapter } from './adapters/bus-mesh.adapter.js';
import { MeshPort } from './mesh.port.js';

@Module({ providers: [{ provide: MeshPort, useClass: BusMeshAdapter }], exports: [MeshPort] })
export class MeshModule {}
