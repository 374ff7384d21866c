import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS, KEYS } from '@signalbox/app-runtime';
import { ModelRecogniserPort } from '@signalbox/app-runtime/recogniser';
import type { Bus, KeyRing } from '@signalbox/bus';
import { type Finding, type Redactions, subjects, type ToolWorkV1, type VaultDepositV1 } from '@signalbox/contracts';
import { backoffMs, MeshError, pause } from '@signalbox/kernel';
import { PolicyStore } from '@signalbox/policy-engine';
import {
  assertNotBlocked,
  countFound,
  findingsOf,
  type KnownValue,
  redactJson,
  sealForVault,
  TenantRulesets,
  tenantPseudonymKey,
} from '@signalbox/privacy';

const DEPOSIT_MS = 10_000;
/** Between two tries of a deposit or of the recogniser: first and longest. */
const AGAIN_MS = 100;
const AGAIN_MS_MAX = 2_000;
/** Values of one result; a result with more is refused rather than half kept. */
const VALUES_MAX = 1_000;

/** In whose run a tool is called. */
export type ToolOwner = Pick<ToolWorkV1, 'tenant' | 'userId'>;

/** What of a tool is fit for the bus. */
export interface CleanText {
  text: string;
  redactions: Redactions;
  findings?: Finding[];
  ruleset: string;
}

/** The third gate: what a tool brings in is cleaned before anything of it is published. */
@Injectable()
export class CleaningService {
  readonly #rulesets = new TenantRulesets();
  readonly #master: Buffer;
  readonly #vaultKey: string;

  constructor(
    @Inject(KEYS) keys: KeyRing,
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(ModelRecogniserPort) private readonly recogniser: ModelRecogniserPort,
  ) {
    this.#master = keys.secret('pseudonym');
    this.#vaultKey = keys.publicKey('vault-x25519').export({ format: 'jwk' }).x ?? '';
  }

  /**
   * The text with tokens for values, those that are `known` among them, once the vault has those values: nothing that cannot be restored is published.
   * A vault or recogniser that is away is asked again for `patienceMs`; then its error. TOOL_OUTPUT_TOO_LARGE, PAYLOAD_TOO_LARGE,
   * PAYLOAD_TOO_DEEP and CONTENT_BLOCKED are final.
   */
  async clean(
    { tenant, userId }: ToolOwner,
    text: string,
    { patienceMs = 0, known = [] }: { patienceMs?: number; known?: readonly KnownValue[] } = {},
  ): Promise<CleanText> {
    const until = performance.now() + patienceMs;
    const modelled = await patiently(() => this.recogniser.find([text]), until);
    const { redaction } = this.policies.forTenant(tenant);
    const ruleset = this.#rulesets.forGate(redaction, 'tool', [], { revealed: known, modelled });
    const clean = redactJson(text, { ruleset, tenantKey: tenantPseudonymKey(this.#master, tenant) });
    const { value, found } = clean;
    assertNotBlocked(clean, 'The result of the tool');
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
      await this.#deposit({ tenant, subject: userId, items }, until);
    }
    return { text: String(value), redactions: countFound(clean), ...findingsOf(clean), ruleset: ruleset.name };
  }

  async #deposit(deposit: VaultDepositV1, until: number): Promise<void> {
    const subject = subjects.svc('guard', 'deposit', deposit.tenant);
    await patiently(() => this.bus.request('vaultDeposit', subject, deposit, { timeoutMs: DEPOSIT_MS }), until);
  }
}

/** Asks again whoever is away, until the time on this process's clock, ms. */
async function patiently<T>(ask: () => Promise<T>, until: number): Promise<T> {
  for (let round = 0; ; round++) {
    try {
      return await ask();
    } catch (error) {
      const waitMs = backoffMs(round, AGAIN_MS, AGAIN_MS_MAX);
      if (MeshError.from(error).retry !== 'backoff' || performance.now() + waitMs > until) throw error;
      await pause(waitMs);
    }
  }
}
