import type {
  AgentManifest,
  BundleRef,
  CallLabels,
  DecisionRecord,
  Halt,
  KeyGrant,
  ModelManifest,
  PolicyBundleV1,
  RedactionPattern,
  RedactionRule,
  TenantLimits,
  ToolManifest,
} from '@signalbox/contracts';
import { canonicalJson, MeshError, sha256Hex } from '@signalbox/kernel';
import { bundleInvalid } from './bundle/open-bundle.js';
import { AccessDecider } from './cedar/decide-access.js';
import { decideByPolicies } from './cedar/decide-call.js';
import { compileCedarPolicy } from './cedar/policy.js';
import { CedarPolicySet } from './cedar/policy-set.js';
import { decideReveal, type RevealAccess } from './cedar/reveal.js';
import { compileBaseRules, onBase } from './labels/base-rules.js';
import { Offers } from './labels/offered.js';
import { DecisionRecords } from './decision-records.js';
import { Governance } from './governance.js';
import { KeyRing } from './key-ring.js';
import { combine } from './rules/combine.js';
import { enforcedPart, shadowOf } from './shadow.js';
import { compileRules, covers, type Decider, deny, type Verdict } from './rules/rule-set.js';
import type { AgentChange, PlacedAgent, ResolvedAgent, ToolAccess } from './tool-access.js';
import { unique } from './unique.js';

export type { PlacedAgent, ResolvedAgent, ToolAccess } from './tool-access.js';

/** A bundle made ready to decide from. Immutable; a new bundle gives a new one. */
export class CompiledPolicy {
  readonly tenant: string;
  readonly bundle: BundleRef;
  readonly expiresAt: number;
  readonly governance: Governance;
  /** What is no tool call: starts, model calls, sessions. */
  readonly access: AccessDecider;
  /** What the tenant says of its redaction; the same object for the life of the policy. */
  readonly redaction: { readonly rules: readonly RedactionRule[]; readonly patterns: readonly RedactionPattern[] };
  readonly #source: PolicyBundleV1;
  readonly #agents: ReadonlyMap<string, ResolvedAgent>;
  readonly #tools: ReadonlyMap<string, ToolManifest>;
  readonly #models: ReadonlyMap<string, ModelManifest>;
  readonly #keys: KeyRing;
  readonly #policies: CedarPolicySet;
  /** By agent and tool, made at first use. Bounded: only tools that an agent lists get an entry. */
  readonly #deciders = new Map<string, Map<string, Decider>>();
  readonly #offers: Offers;
  readonly #records: DecisionRecords;

  constructor(whole: PolicyBundleV1, hash: string) {
    const bundle = enforcedPart(whole);
    this.tenant = bundle.tenant;
    this.bundle = { version: bundle.version, hash };
    const shadow = shadowOf(whole, (part) => new CompiledPolicy(part, hash));
    this.#records = new DecisionRecords(this.bundle, shadow);
    this.expiresAt = bundle.expiresAt;
    this.#source = bundle;
    this.governance = new Governance(bundle);
    this.redaction = { rules: bundle.redactions ?? [], patterns: bundle.patterns ?? [] };
    this.#tools = unique('tool', bundle.tools, (tool) => tool.name);
    this.#models = unique('model', bundle.models, (model) => model.id);
    const agents = unique('agent', bundle.agents, (agent) => agent.id);
    unique('rule', bundle.rules, (rule) => rule.id);
    unique('policy', bundle.policies ?? [], (policy) => policy.id);
    unique('key', bundle.keys, (key) => key.id);
    unique('quota', bundle.quotas ?? [], (quota) => quota.id);
    unique('delegation', bundle.delegations ?? [], (one) => one.id);
    unique('residency', bundle.residencies ?? [], (one) => one.id);
    unique('halt', bundle.halts ?? [], (halt) => halt.id);
    unique('waiver', bundle.waivers ?? [], (waiver) => waiver.id);
    unique('redaction rule', this.redaction.rules, (rule) => rule.id);
    unique('pattern', this.redaction.patterns, (pattern) => pattern.id);
    this.#agents = new Map([...agents].map(([id, agent]) => [id, this.#resolved(agent)]));
    this.#keys = new KeyRing(bundle.keys);
    const shared = new Map();
    const policies = (bundle.policies ?? []).map(({ id, json }) => compileCedarPolicy(id, json, shared));
    this.#policies = new CedarPolicySet(policies);
    this.access = new AccessDecider(policies, this.bundle);
    this.#offers = new Offers(bundle.rules, this.#policies);
  }

  /**
   * The agent, its model and its tools; with `change` as a fork wants it. AGENT_UNKNOWN when the bundle has none of
   * that id, AGENT_DENIED when the agent does not allow the change.
   */
  resolve(agentId: string, change: AgentChange = {}): ResolvedAgent {
    const found = this.#agents.get(agentId);
    if (!found) throw new MeshError('AGENT_UNKNOWN', `There is no agent ${agentId.slice(0, 64)}.`);
    const { agent } = found;
    const { model = agent.model, instructions } = change;
    const others = [...(agent.alternatives ?? []), ...(agent.forks?.models ?? [])];
    if (model !== agent.model && !others.includes(model))
      throw new MeshError('AGENT_DENIED', `The policy in force does not give agent ${agentId} the model ${model}.`);
    if (instructions !== undefined && agent.forks?.instructions !== true)
      throw new MeshError('AGENT_DENIED', `Agent ${agentId} takes no other instructions than its own.`);
    if (model === agent.model && instructions === undefined) return found;
    const changed = { ...agent, model, ...(instructions === undefined ? {} : { instructions }) };
    return { ...found, agent: changed, model: this.#modelOf(changed) };
  }

  /**
   * The same for a run that asks for these regions: with the first of the agent's models that is in them and in those
   * of policy. REGION_DENIED where none is. `regions` null: the run's data may go anywhere.
   */
  place(agentId: string, change: AgentChange = {}, asked?: readonly string[]): PlacedAgent {
    const found = this.resolve(agentId, change);
    const { agent } = found;
    const regions = this.governance.regionsOf(agentId, asked);
    // A fork wants one model and no other.
    const others = change.model === undefined ? (agent.alternatives ?? []) : [];
    const models = [agent.model, ...others].map((model) => this.#modelOf({ id: agentId, model }));
    const model = agent.plan === undefined ? this.governance.placed(agentId, models, regions) : found.model;
    return model.id === agent.model
      ? { ...found, regions }
      : { ...found, agent: { ...agent, model: model.id }, model, regions };
  }

  /** Of the tenant as a whole. */
  get limits(): TenantLimits {
    return this.#source.limits ?? {};
  }

  /** How many runs of the tenant (`runs`) or of an agent, or calls of a tool, may be under way at once; null: any number. */
  concurrencyOf(kind: 'runs' | 'agent' | 'tool', name: string): number | null {
    if (kind === 'runs') return this.#source.limits?.concurrentRunsMax ?? null;
    if (kind === 'agent') return this.#agents.get(name)?.agent.concurrentRunsMax ?? null;
    return this.#tools.get(name)?.concurrentCallsMax ?? null;
  }

  /** What a user is in the tenant, by all keys of theirs that are in force. */
  rolesOf(userId: string, nowMs: number): string[] {
    return this.#keys.rolesOf(userId, nowMs);
  }

  /** Whether the agent may call the tool with these arguments. Never throws: what goes wrong is a denial. */
  authorize(access: ToolAccess): DecisionRecord {
    let verdict: Verdict;
    try {
      verdict = this.#decide(access);
    } catch {
      verdict = deny('error', [], 'The decision failed, so it is a denial.');
    }
    return this.#records.of(verdict, access);
  }

  /** Of these tools, those that the agent could be permitted to call under these labels, for some arguments. Never throws. */
  offered(agent: string, tools: readonly string[], userId: string, labels: CallLabels): string[] {
    const own = this.#agents.get(agent)?.agent.tools ?? [];
    const known = tools.flatMap((name) => (own.includes(name) ? (this.#tools.get(name) ?? []) : []));
    return this.#offers.among(agent, known, userId, labels);
  }

  /** Whether a call may be given a real value in place of its token. Never throws: what goes wrong is a denial. */
  authorizeReveal(access: RevealAccess): DecisionRecord {
    const manifest = this.#agents.get(access.agent)?.tools.find(({ name }) => name === access.tool);
    const halt = this.haltOf(access.agent);
    return { ...decideReveal(this.#policies, { halt, manifest }, access), bundle: this.bundle };
  }

  /** The grant of a key, from the SHA-256 (hex) of the key. KEY_INVALID when unknown or expired. */
  authenticate(keyDigest: string, nowMs: number): KeyGrant {
    return this.#keys.authenticate(keyDigest, nowMs);
  }

  /** The same of a key that is named, not shown: for what was ordered in its name before. */
  grantNamed(keyId: string, nowMs: number): KeyGrant {
    return this.#keys.named(keyId, nowMs);
  }

  /** Whether a key may start this agent. The agent must exist. */
  mayStart(grant: KeyGrant, agentId: string): boolean {
    return this.#agents.has(agentId) && covers(grant.agents, agentId);
  }

  /** The agents that a key may start, in the bundle's order. */
  agentsFor(grant: KeyGrant): AgentManifest[] {
    return this.#source.agents.filter((agent) => covers(grant.agents, agent.id));
  }

  /** The kill switch that holds this agent; null when it may run. */
  haltOf(agentId: string): Halt | null {
    return this.#source.halts?.find(({ agents }) => covers(agents, agentId)) ?? null;
  }

  /** Throws AGENT_HALTED where the kill switch holds this agent. */
  assertRunning(agentId: string): void {
    const halt = this.haltOf(agentId);
    if (halt) throw new MeshError('AGENT_HALTED', `Agent ${agentId.slice(0, 64)} is halted: ${halt.reason}`);
  }

  #decide({ agent, tool, arguments: args, userId, labels }: ToolAccess): Verdict {
    const halt = this.haltOf(agent);
    if (halt) return deny('halt', [], `Agent ${agent} is halted by ${halt.id}: ${halt.reason}`);
    const found = this.#agents.get(agent);
    if (!found) return deny('invalid', [], `There is no agent ${agent}.`);
    const manifest = this.#tools.get(tool);
    if (!manifest) return deny('invalid', [], `There is no tool ${tool}.`);
    if (!found.agent.tools.includes(tool)) return deny('invalid', [], `Agent ${agent} does not have the tool ${tool}.`);
    if (args === null || typeof args !== 'object' || Array.isArray(args)) {
      return deny('invalid', [], 'The arguments of a tool are a JSON object.');
    }
    return this.#decider(agent, manifest)(args, userId, labels);
  }

  #decider(agent: string, tool: ToolManifest): Decider {
    let ofAgent = this.#deciders.get(agent);
    if (!ofAgent) this.#deciders.set(agent, (ofAgent = new Map()));
    let decider = ofAgent.get(tool.name);
    if (!decider) {
      decider = onBase(
        combine(compileRules(this.#source.rules, agent, tool.name), decideByPolicies(this.#policies, agent, tool)),
        compileBaseRules(tool, agent, this.#source.waivers ?? []),
      );
      ofAgent.set(tool.name, decider);
    }
    return decider;
  }

  #modelOf({ id, model }: Pick<AgentManifest, 'id' | 'model'>): ModelManifest {
    const found = this.#models.get(model);
    if (!found) throw bundleInvalid('schema', `Agent ${id} names the model ${model}, which is not in the bundle.`);
    return found;
  }

  #resolved(agent: AgentManifest): ResolvedAgent {
    const model = this.#modelOf(agent);
    for (const other of [...(agent.forks?.models ?? []), ...(agent.alternatives ?? [])])
      this.#modelOf({ id: agent.id, model: other });
    const tools = agent.tools.map((name) => {
      const tool = this.#tools.get(name);
      if (!tool) throw bundleInvalid('schema', `Agent ${agent.id} names the tool ${name}, which is not in the bundle.`);
      return tool;
    });
    return { agent, model, tools, bundle: this.bundle };
  }
}

/**
 * Makes a bundle ready to decide from. `hash` is that of the signed payload; without it the bundle's own.
 * Throws BUNDLE_INVALID when ids repeat or an agent names what is not there.
 */
export function compilePolicy(bundle: PolicyBundleV1, hash: string = sha256Hex(canonicalJson(bundle))): CompiledPolicy {
  return new CompiledPolicy(bundle, hash);
}
