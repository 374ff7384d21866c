import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import {
  DataClass,
  type Reveal,
  REVEAL_ITEMS_MAX,
  subjects,
  type ToolManifest,
  type ToolWorkV1,
} from '@signalbox/contracts';
import { argumentsLabel } from '@signalbox/run-engine';
import { MeshError } from '@signalbox/kernel';
import { type CompiledPolicy, PolicyStore } from '@signalbox/policy-engine';
import {
  generateVaultKeys,
  type KnownValue,
  openText,
  parseToken,
  purposeOf,
  restoreAt,
  type TokenAt,
  tokensAt,
} from '@signalbox/privacy';

const ASK_MS = 10_000;

/** The arguments as a tool gets them. */
export interface GivenArguments {
  arguments: Record<string, unknown>;
  /** Values that it must not be heard saying. */
  known: KnownValue[];
  revealed: Reveal[];
}

interface Wanted extends TokenAt {
  class: DataClass;
  purpose: string;
  policies: string[];
}

/** Puts real values into the arguments of a call, just before it and nowhere else, as far as policy permits here and at the guard. */
@Injectable()
export class RevealsService {
  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(PolicyStore) private readonly policies: PolicyStore,
  ) {}

  /** REVEAL_DENIED where the tool says that it must have a value which it may not be given. */
  async give(work: ToolWorkV1, tool: ToolManifest, args: Record<string, unknown>): Promise<GivenArguments> {
    const found = tokensAt(args);
    if (found.length === 0) return { arguments: args, known: [], revealed: [] };
    const wanted = this.#wanted(this.policies.forTenant(work.tenant), work, tool, found);
    const values = wanted.length === 0 ? new Map<string, string>() : await this.#ask(work, wanted);
    const given = wanted.filter(({ token }) => values.has(token));
    const isGiven = ({ token, pointer }: TokenAt): boolean =>
      given.some((one) => one.token === token && one.pointer === pointer);
    const missing = found.find((item) => purposeOf(tool.reveals, item.pointer) !== '' && !isGiven(item));
    if (missing) throw denied(tool, missing);
    return {
      arguments: restoreAt(args, (item) => (isGiven(item) ? values.get(item.token) : undefined)) as typeof args,
      known: given.map(({ token, class: name }) => ({ class: name, value: values.get(token)! })),
      revealed: told(given),
    };
  }

  /** Whether others may have written what led to the call, the guard says too, by the journal. */
  #wanted(
    policy: CompiledPolicy,
    { agent, userId, labels }: ToolWorkV1,
    { name: tool, reveals }: ToolManifest,
    found: readonly TokenAt[],
  ): Wanted[] {
    const untrusted = labels !== undefined && argumentsLabel(labels).integrity === 'untrusted';
    return found.flatMap((item) => {
      const name = DataClass.safeParse(parseToken(item.token)?.class);
      if (!name.success) return [];
      const purpose = purposeOf(reveals, item.pointer);
      const access = { agent, tool, class: name.data, pointer: item.pointer, purpose, userId, untrusted };
      const { outcome, policies = [] } = policy.authorizeReveal(access);
      return outcome === 'permit' ? [{ ...item, class: name.data, purpose, policies }] : [];
    });
  }

  async #ask(work: ToolWorkV1, wanted: readonly Wanted[]): Promise<Map<string, string>> {
    const { tenant, runId, callId, argumentsHash } = work;
    if (wanted.length > REVEAL_ITEMS_MAX)
      throw new MeshError('REVEAL_DENIED', `A call is given ${REVEAL_ITEMS_MAX} real values at most.`);
    // Made for this one answer, and gone with it.
    const keys = generateVaultKeys();
    const items = wanted.map(({ token, pointer }) => ({ token, pointer }));
    const ask = { tenant, runId, callId, argumentsHash, items, replyKey: keys.publicKey };
    const subject = subjects.svc('guard', 'reveal', tenant);
    const answer = await this.bus.request('vaultReveal', subject, ask, { timeoutMs: ASK_MS });
    return new Map(answer.items.map(({ token, sealed }) => [token, openText(keys, { tenant, token }, sealed)]));
  }
}

function told(given: readonly Wanted[]): Reveal[] {
  const places = new Map<string, Reveal>();
  for (const { class: name, pointer, purpose, policies } of given) {
    const key = `${name} ${pointer}`;
    const count = (places.get(key)?.count ?? 0) + 1;
    places.set(key, { class: name, pointer, purpose, count, policies });
  }
  return [...places.values()];
}

function denied({ name, reveals }: ToolManifest, { token, pointer }: TokenAt): MeshError {
  const what = `The tool ${name} needs the real ${parseToken(token)?.class} at ${pointer} for "${purposeOf(reveals, pointer)}"`;
  return new MeshError('REVEAL_DENIED', `${what}; no policy gives it, or it was erased.`);
}
