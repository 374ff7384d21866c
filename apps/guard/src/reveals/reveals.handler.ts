import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { BusMessage } from '@signalbox/bus';
import type { VaultRevealedV1, VaultRevealV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { RevealsService } from './reveals.service.js';

@Controller()
export class RevealsHandler {
  constructor(@Inject(RevealsService) private readonly reveals: RevealsService) {}

  @Serve('vaultReveal')
  async reveal(body: VaultRevealV1, { tenant }: BusMessage<unknown>): Promise<VaultRevealedV1> {
    if (body.tenant !== tenant) throw new MeshError('REQUEST_INVALID', 'tenant: not the one that the subject names');
    return this.reveals.reveal(tenant, body);
  }
}
