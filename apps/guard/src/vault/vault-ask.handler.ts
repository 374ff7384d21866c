import { Controller, Inject } from '@nestjs/common';
import { Serve } from '@signalbox/app-runtime';
import type { BusMessage } from '@signalbox/bus';
import type { VaultAskV1, VaultStateV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { VaultAdminService } from './vault-admin.service.js';

@Controller()
export class VaultAskHandler {
  constructor(@Inject(VaultAdminService) private readonly admin: VaultAdminService) {}

  @Serve('vaultAsk')
  async ask(body: VaultAskV1, { tenant }: BusMessage<unknown>): Promise<VaultStateV1> {
    if (body.tenant !== tenant) throw new MeshError('REQUEST_INVALID', 'tenant: not the one that the subject names');
    if (body.ask === 'erase') return this.admin.erase(tenant, body.subject, body.by);
    if (body.ask === 'rotate') return this.admin.rotate(tenant, body.begin, body.by);
    return this.admin.state(tenant);
  }
}
