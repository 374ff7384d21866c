import {
  ApprovalTerms,
  type BaseRule,
  type CallLabels,
  type Clearance,
  type Label,
  mayRead,
  TENANT_READERS,
  type ToolManifest,
  type Waiver,
} from '@signalbox/contracts';
import { covers, type Decider, type Verdict } from '../rules/rule-set.js';
import { isAskedFor } from './provenance.js';
import { callLabel, toolFlow } from './tool-flow.js';

/** What the mesh itself asks of a call that everything else permits. */
type BaseCheck = (verdict: Verdict, labels: CallLabels, args: unknown) => Verdict;

const TERMS = ApprovalTerms.parse({});

/** The base rules for calls of one tool; null: they have nothing to say of it. `all`: the waivers of the tenant. */
export function compileBaseRules(tool: ToolManifest, agent: string, all: readonly Waiver[]): BaseCheck | null {
  const { isConsequential, egress, readers } = toolFlow(tool);
  if (!isConsequential && !egress) return null;
  const waivers = all.filter(({ agents }) => covers(agents, agent));
  const does = isConsequential ? 'changes something outside' : 'tells others outside';
  return (verdict, labels, args) => {
    if (verdict.outcome === 'deny') return verdict;
    const label = callLabel(labels, tool.roles);
    const isForeign = label.integrity === 'untrusted';
    const leaks = egress && !mayRead(readers, label);
    if (!isForeign && !leaks) return verdict;
    const isWanted = isAskedFor(tool, labels, args);
    const found: [BaseRule, string][] = [];
    if (isForeign && !isWanted)
      found.push(['base.integrity', `${origins(label)} may be the words of others, and ${tool.name} ${does}`]);
    if (leaks && !mayRead(isWanted ? shared(readers) : readers, label))
      found.push([
        'base.confidentiality',
        `what is for ${label.readers.join(', ')} would be told to ${audience(readers)}`,
      ]);
    const held = found.filter(([rule]) => waivers.every((waiver) => waiver.rule !== rule));
    if (held.length > 0) return asking(verdict, held);
    const waived = waivers.filter(({ rule }) => found.some(([name]) => name === rule));
    if (waived.length === 0) return verdict;
    const names = waived.map(({ id, rule }) => `${rule} by waiver ${id}`).join(', ');
    return { ...verdict, reason: `${verdict.reason} It goes without ${names}.`.slice(0, 1_000) };
  };
}

/** Where the user said to whom: what belongs to the tenant is the user's to tell. */
const shared = (readers: Clearance): Clearance => (readers === '*' ? readers : [...readers, TENANT_READERS]);

const origins = ({ origins: names }: Label): string => (names.length === 0 ? 'what led to it' : names.join(', '));
const audience = (readers: Clearance): string =>
  readers === '*' || readers.length > 0 ? `who may read ${[...readers].join(', ')}` : 'whoever is there';

/** Where others ask for approval too, theirs are the terms. */
function asking(verdict: Verdict, held: readonly [BaseRule, string][]): Verdict {
  const rules = [...verdict.rules, ...held.map(([rule]) => rule)];
  const reason = `${held.map(([rule, why]) => `${rule}: ${why}`).join('; ')}. So a person must approve exactly this call. ${verdict.reason}`;
  const { terms = TERMS } = verdict;
  return { ...verdict, outcome: 'approve', kind: 'approve', rules, reason: reason.slice(0, 1_000), terms };
}

/** Everything else permits it; then the rules of the mesh itself are asked. */
export function onBase(decider: Decider, base: BaseCheck | null): Decider {
  if (base === null) return decider;
  return (args, userId, labels) => base(decider(args, userId, labels), labels, args);
}
