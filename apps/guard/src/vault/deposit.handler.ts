import { Controller, Inject } from '@nestjs/common';
import { KEYS, Serve } from '@signalbox/app-runtime';
import type { BusMessage, KeyRing } from '@signalbox/bus';
import type { VaultDepositV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { openFromVault } from '@signalbox/privacy';
import { VaultPort } from './vault.port.js';

/** Values that a model or a tool brought in: they cross CORE sealed, and only the guard can open them. */
@Controller()
export class DepositHandler {
  constructor(
    @Inject(VaultPort) private readonly vault: VaultPort,
    @Inject(KEYS) private readonly keys: KeyRing,
  ) {}

  @Serve('vaultDeposit')
  async deposit(body: VaultDepositV1, message: BusMessage<unknown>): Promise<{ ok: true }> {
    const { tenant } = message;
    if (body.tenant !== tenant) throw new MeshError('REQUEST_INVALID', 'tenant: not the one that the subject names');
    const privateKey = this.keys.privateKey('vault-x25519');
    const items = body.items.map(({ token, sealed }) => ({ token, ...openFromVault(privateKey, { tenant, token, sealed }) }));
    await this.vault.keep(tenant, items);
    return { ok: true };
  }
}
