import { Controller, Inject } from '@nestjs/common';
import { KEYS, Serve } from '@signalbox/app-runtime';
import type { BusMessage, KeyRing } from '@signalbox/bus';
import type { VaultDepositV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { openFromVault, type VaultKeyPair } from '@signalbox/privacy';
import { NOBODY, VaultPort } from './vault.port.js';

/** Values that a model or a tool brought in: they cross CORE sealed, and only the guard can open them. */
@Controller()
export class DepositHandler {
  readonly #vaultKeys: VaultKeyPair;

  constructor(
    @Inject(VaultPort) private readonly vault: VaultPort,
    @Inject(KEYS) keys: KeyRing,
  ) {
    const { x, d } = keys.privateKey('vault-x25519').export({ format: 'jwk' });
    if (!x || !d) throw new MeshError('CONFIG_INVALID', 'vault-x25519.key is not an X25519 key.');
    this.#vaultKeys = { publicKey: x, privateKey: d };
  }

  @Serve('vaultDeposit')
  async deposit(body: VaultDepositV1, message: BusMessage<unknown>): Promise<{ ok: true }> {
    const { tenant } = message;
    if (body.tenant !== tenant) throw new MeshError('REQUEST_INVALID', 'tenant: not the one that the subject names');
    const pair = this.#vaultKeys;
    const items = body.items.map(({ token, sealed }) => openFromVault(pair, { tenant, token }, sealed));
    await this.vault.keep(tenant, body.subject ?? NOBODY, items);
    return { ok: true };
  }
}
