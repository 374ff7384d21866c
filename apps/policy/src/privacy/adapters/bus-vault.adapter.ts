import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { subjects, type VaultAskV1, type VaultStateV1 } from '@signalbox/contracts';
import { VaultPort } from '../vault.port.js';

/** For the guard's answer: a part of a change of keys is a thousand rows. */
const ASK_MS = 20_000;

@Injectable()
export class BusVaultAdapter extends VaultPort {
  constructor(@Inject(CORE_BUS) private readonly bus: Bus) {
    super();
  }

  override ask(ask: VaultAskV1): Promise<VaultStateV1> {
    return this.bus.request('vaultAsk', subjects.svc('guard', 'vault', ask.tenant), ask, { timeoutMs: ASK_MS });
  }
}
