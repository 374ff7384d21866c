import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { DataClass, subjects, type VaultRevealedV1, type VaultRevealV1 } from '@signalbox/contracts';
import { MeshError, parseJson, sha256Hex } from '@signalbox/kernel';
import { type CompiledPolicy, PolicyStore } from '@signalbox/policy-engine';
import { parseToken, purposeOf, sealText, type TokenAt, tokensAt } from '@signalbox/privacy';
import { VaultPort } from '../vault/vault.port.js';
import { CallsPort, type OpenCall } from './calls.port.js';

const FACT_CHARS_MAX = 500;

interface Permitted extends TokenAt {
  class: DataClass;
  policies: string[];
}

/**
 * Gives tools real values. Whoever asks is believed in nothing: the run's journal says which call is open and with which
 * arguments, policy is asked here again, and each use is on record before a value leaves.
 */
@Injectable()
export class RevealsService {
  constructor(
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(VaultPort) private readonly vault: VaultPort,
    @Inject(CallsPort) private readonly calls: CallsPort,
    @Inject(CORE_BUS) private readonly bus: Bus,
  ) {}

  /** What policy does not permit, and what was erased, is left out. REVEAL_DENIED where no such call is open. */
  async reveal(tenant: string, ask: VaultRevealV1): Promise<VaultRevealedV1> {
    const { runId, callId, argumentsHash } = ask;
    const call = await this.calls.open({ tenant, runId }, callId);
    if (!call || call.argumentsHash !== argumentsHash || sha256Hex(call.arguments) !== argumentsHash)
      throw new MeshError('REVEAL_DENIED', 'The run has no such call open with such arguments.');
    const there = tokensAt(parseJson(Buffer.from(call.arguments)));
    const asked = ask.items.filter((item) =>
      there.some((at) => at.token === item.token && at.pointer === item.pointer),
    );
    const permitted = this.#permitted(this.policies.forTenant(tenant), call, asked);
    const tokens = [...new Set(permitted.map(({ token }) => token))];
    const opened = await this.vault.open(tenant, call.userId, tokens);
    const given = permitted.filter(({ token }) => opened.get(token)?.value != null);
    if (given.length === 0) return { items: [] };
    await this.#record(tenant, ask, call, given);
    const classes = new Map(given.map((item) => [item.token, item.class]));
    const items = Array.from(classes, ([token, name]) => ({
      token,
      class: name,
      sealed: sealText(ask.replyKey, { tenant, token }, opened.get(token)!.value!),
    }));
    return { items };
  }

  #permitted(policy: CompiledPolicy, call: OpenCall, asked: readonly TokenAt[]): Permitted[] {
    const { agent, tool, userId, untrusted } = call;
    const { tools } = policy.resolve(agent);
    const manifest = tools.find(({ name }) => name === tool);
    return asked.flatMap((item) => {
      const name = DataClass.safeParse(parseToken(item.token)?.class);
      if (!name.success) return [];
      const purpose = purposeOf(manifest?.reveals, item.pointer);
      const access = { agent, tool, class: name.data, pointer: item.pointer, purpose, userId, untrusted };
      const { outcome, policies = [] } = policy.authorizeReveal(access);
      return outcome === 'permit' ? [{ ...item, class: name.data, policies }] : [];
    });
  }

  async #record(tenant: string, ask: VaultRevealV1, call: OpenCall, given: readonly Permitted[]): Promise<void> {
    const kind = 'values-revealed';
    const told = (parts: string[]): string => parts.join(', ').slice(0, FACT_CHARS_MAX);
    const facts = {
      runId: ask.runId,
      callId: ask.callId,
      argumentsHash: ask.argumentsHash,
      agent: call.agent,
      tool: call.tool,
      userId: call.userId,
      values: given.length,
      places: told(given.map((item) => `${item.class} at ${item.pointer}`)),
      policies: told([...new Set(given.flatMap(({ policies }) => policies))]),
    };
    await this.bus.publish('audit', subjects.audit(tenant, kind), { kind, service: 'guard', facts, at: Date.now() });
  }
}
