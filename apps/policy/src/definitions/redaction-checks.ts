import {
  PII_CLASSES,
  REDACTION_GATES,
  type RedactionGate,
  type RedactionPattern,
  type RedactionRule,
} from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { assertPattern, matchCharsOf, mayTreat, PATTERN_LIMITS } from '@signalbox/privacy';
import type { TenantPolicy } from '../storage/policy.repository.js';

type Fault = [field: string, message: string];

/** A secret is never let through; a class is there; and one rule speaks of it at a gate, so that the order of rules is nothing. */
export function redactionFaults(
  { id, class: name, action, gates }: RedactionRule,
  { redactions, patterns }: Pick<TenantPolicy, 'redactions' | 'patterns'>,
): Fault[] {
  const faults: Fault[] = [];
  if (!mayTreat(name, action))
    faults.push(['action', `a secret is masked, removed or blocked; ${action} would let it through`]);
  const isKnown = (PII_CLASSES as readonly string[]).includes(name) || patterns.some((one) => one.class === name);
  if (!isKnown) faults.push(['class', `there is no class ${name}; put its pattern first`]);
  const others = redactions.filter((rule) => rule.id !== id && rule.class === name);
  for (const gate of placesOf(gates)) {
    const other = others.find((rule) => placesOf(rule.gates).includes(gate));
    if (other) faults.push(['gates', `the rule ${other.id} speaks of ${name} at ${gate} already`]);
  }
  return faults;
}

const placesOf = (gates: readonly RedactionGate[] = REDACTION_GATES): readonly RedactionGate[] => gates;

/** What the recogniser cannot be built of. */
export function patternFaults(pattern: RedactionPattern, policy: TenantPolicy): Fault[] {
  try {
    assertPattern(pattern);
    const all = [pattern, ...policy.patterns.filter(({ id }) => id !== pattern.id)];
    const chars = all.reduce((sum, one) => sum + matchCharsOf(one), 0);
    const { matchCharsSumMax: max } = PATTERN_LIMITS;
    if (chars > max)
      return [['pattern', `the longest matches of all patterns add up to ${chars} characters, of ${max}`]];
    const was = policy.patterns.find(({ id }) => id === pattern.id);
    const naming = was === undefined || was.class === pattern.class ? [] : redactionsNaming(pattern.id, policy);
    return naming.length === 0 ? [] : [['class', `${was?.class} is named by ${naming.join(', ')}`]];
  } catch (error) {
    return [['pattern', MeshError.from(error).message.replace(/^pattern: /, '')]];
  }
}

/** The rules that speak of a class which no other pattern has. */
export function redactionsNaming(id: string, { redactions, patterns }: TenantPolicy): string[] {
  const name = patterns.find((one) => one.id === id)?.class;
  if (patterns.some((one) => one.id !== id && one.class === name)) return [];
  return redactions.filter((rule) => rule.class === name).map((rule) => `redactions/${rule.id}`);
}
