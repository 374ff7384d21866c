import { Controller, Get, Headers, Inject, Param } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import { callerOf } from '../mesh/bearer-key.js';
import { MeshPort } from '../mesh/mesh.port.js';

interface ModelObject {
  id: string;
  object: 'model';
  created: number;
  owned_by: string;
  description: string;
}

/** Agents, in the place where a stock client looks for models. */
@Controller('v1/models')
export class ModelsController {
  constructor(@Inject(MeshPort) private readonly mesh: MeshPort) {}

  @Get()
  async list(@Headers('authorization') authorization?: string): Promise<{ object: 'list'; data: ModelObject[] }> {
    return { object: 'list', data: await this.#models(authorization) };
  }

  @Get(':id')
  async get(@Param('id') id: string, @Headers('authorization') authorization?: string): Promise<ModelObject> {
    const model = (await this.#models(authorization)).find((candidate) => candidate.id === id);
    if (!model) throw new MeshError('AGENT_UNKNOWN', 'No agent of that name exists for this key.');
    return model;
  }

  async #models(authorization: string | undefined): Promise<ModelObject[]> {
    const caller = callerOf(authorization);
    const { agents } = await this.mesh.authenticate(caller);
    return agents.map(({ id, description }) => ({
      id,
      object: 'model',
      created: 0,
      owned_by: caller.tenant,
      description,
    }));
  }
}
