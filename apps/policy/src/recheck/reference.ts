import type { DecisionRecord, PolicyBundleV1 } from '@signalbox/contracts';
import { compileBaseRules, compileRules, requestJson, type ToolAccess, ToolCalls } from '@signalbox/policy-engine';
import type { CedarPort } from '../cedar/cedar.port.js';

/** What a decision must be, without anything that only our compiled policies say. */
export interface Expected {
  outcome: DecisionRecord['outcome'];
  kind: string;
  /** The policies that must be named. */
  policies: string[];
}

/** From what decides over all others to what decides when nothing else did. */
const RANKS: Record<string, number> = { forbid: 0, error: 1, approve: 2, permit: 3, default: 4 };
const OUTCOMES: Record<string, DecisionRecord['outcome']> = { permit: 'permit', approve: 'approve' };

/** Decides calls by a bundle with Cedar's own engine for its policies; the rules are compiled anew for each. */
export class ReferenceDecisions {
  readonly #rules: PolicyBundleV1['rules'];
  readonly #texts: Readonly<Record<string, string>>;
  readonly #asking: ReadonlySet<string>;

  constructor(
    private readonly bundle: PolicyBundleV1,
    private readonly cedar: CedarPort,
  ) {
    const enforced = (bundle.policies ?? []).filter(({ mode }) => mode !== 'shadow');
    this.#rules = bundle.rules.filter(({ mode }) => mode !== 'shadow');
    this.#texts = Object.fromEntries(enforced.map(({ id, text }) => [id, text]));
    this.#asking = new Set(
      enforced.flatMap(({ id, json }) => ('approve' in ((json['annotations'] ?? {}) as object) ? [id] : [])),
    );
  }

  /** Null where a call is none of policy's: unknown agent or tool, no object of arguments. */
  decide({ agent, tool: name, arguments: args, userId, labels }: ToolAccess): Expected | null {
    const tool = this.bundle.tools.find((one) => one.name === name);
    const has = this.bundle.agents.some(({ id, tools }) => id === agent && tools.includes(name));
    if (!tool || !has || args === null || typeof args !== 'object' || Array.isArray(args)) return null;
    const rules = compileRules(this.#rules, agent, name)(args, userId, labels);
    const byCedar = this.#byCedar(new ToolCalls(agent, tool).request(args, userId, labels));
    const order = RANKS[rules.kind]! - RANKS[byCedar.kind]!;
    const policies = order >= 0 ? byCedar.policies : [];
    const kind = order <= 0 ? rules.kind : (byCedar.kind as typeof rules.kind);
    const verdict = { kind, outcome: OUTCOMES[kind] ?? 'deny', rules: [], policies, reason: '' };
    const onBase = compileBaseRules(tool, agent, this.bundle.waivers ?? []);
    const { kind: finalKind, outcome } = onBase === null ? verdict : onBase(verdict, labels, args);
    return { kind: finalKind, outcome, policies };
  }

  #byCedar(request: Parameters<typeof requestJson>[0]): { kind: string; policies: string[] } {
    if (Object.keys(this.#texts).length === 0) return { kind: 'default', policies: [] };
    const { decision, reasons, errors } = this.cedar.decide(this.#texts, requestJson(request));
    if (decision === 'deny' && reasons.length > 0) return { kind: 'forbid', policies: reasons };
    if (errors.length > 0) return { kind: 'error', policies: errors };
    if (decision === 'deny') return { kind: 'default', policies: [] };
    const asking = reasons.filter((id) => this.#asking.has(id));
    return asking.length > 0 ? { kind: 'approve', policies: asking } : { kind: 'permit', policies: reasons };
  }
}

/** Policies that a record names, at most; of more, which are named is not compared. */
const NAMED_MAX = 16;

/** How a recorded decision differs from what it must be; null: it does not. */
export function differenceOf(recorded: DecisionRecord, expected: Expected): string | null {
  // What a person approved was asked for; the answer is the person's.
  const kind = recorded.kind === 'approval' ? 'approve' : recorded.kind;
  if (RANKS[kind] === undefined) return null;
  // Several that ask, and nobody whom all would let approve: an error that Cedar knows nothing of.
  if (kind === 'error' && expected.kind === 'approve') return null;
  if (kind !== expected.kind) return `recorded as ${kind}, must be ${expected.kind}`;
  if (recorded.kind !== 'approval' && recorded.outcome !== expected.outcome)
    return `recorded as ${recorded.outcome}, must be ${expected.outcome}`;
  const [named, must] = [recorded.policies ?? [], expected.policies].map((ids) => ids.toSorted().join(', '));
  if (recorded.kind === 'approval' || expected.policies.length > NAMED_MAX || named === must) return null;
  return `recorded as decided by policies (${named}), must be (${must})`;
}
