import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS, KEYS } from '@signalbox/app-runtime';
import type { Bus, KeyRing } from '@signalbox/bus';
import { type Redactions, subjects, type VaultDepositV1 } from '@signalbox/contracts';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import { countFound, createRuleset, redactJson, sealForVault, tenantPseudonymKey } from '@signalbox/privacy';

const DEPOSIT_MS = 10_000;
/** Between two tries of a deposit: first and longest. */
const AGAIN_MS = 100;
const AGAIN_MS_MAX = 2_000;
/** Values of one result; a result with more is refused rather than half kept. */
const VALUES_MAX = 1_000;

/** The third gate: what a tool brings in is cleaned before anything of it is published. */
@Injectable()
export class CleaningService {
  readonly #ruleset = createRuleset();
  readonly #master: Buffer;
  readonly #vaultKey: string;

  constructor(
    @Inject(KEYS) keys: KeyRing,
    @Inject(CORE_BUS) private readonly bus: Bus,
  ) {
    this.#master = keys.secret('pseudonym');
    this.#vaultKey = keys.publicKey('vault-x25519').export({ format: 'jwk' }).x ?? '';
  }

  /**
   * The text with tokens for values, once the vault has those values: nothing that cannot be restored is published.
   * A vault that is away is asked again for `patienceMs`; then its error. TOOL_OUTPUT_TOO_LARGE, PAYLOAD_TOO_LARGE and
   * PAYLOAD_TOO_DEEP are final.
   */
  async clean(tenant: string, text: string, patienceMs = 0): Promise<{ text: string; redactions: Redactions }> {
    const { value, found, masked } = redactJson(text, {
      ruleset: this.#ruleset,
      tenantKey: tenantPseudonymKey(this.#master, tenant),
    });
    const redactions = countFound(found, masked);
    if (found.length > VALUES_MAX) {
      throw new MeshError(
        'TOOL_OUTPUT_TOO_LARGE',
        `The result holds ${found.length} personal values; at most ${VALUES_MAX} are taken.`,
      );
    }
    if (found.length > 0) {
      const items = found.map((item) => ({
        token: item.token,
        sealed: sealForVault(this.#vaultKey, { tenant, ...item }),
      }));
      await this.#deposit({ tenant, items }, performance.now() + patienceMs);
    }
    return { text: String(value), redactions };
  }

  async #deposit(deposit: VaultDepositV1, until: number): Promise<void> {
    const subject = subjects.svc('guard', 'deposit', deposit.tenant);
    for (let round = 0; ; round++) {
      try {
        await this.bus.request('vaultDeposit', subject, deposit, { timeoutMs: DEPOSIT_MS });
        return;
      } catch (error) {
        const waitMs = backoffMs(round, AGAIN_MS, AGAIN_MS_MAX);
        if (MeshError.from(error).retry !== 'backoff' || performance.now() + waitMs > until) throw error;
        await pause(waitMs);
      }
    }
  }
}
