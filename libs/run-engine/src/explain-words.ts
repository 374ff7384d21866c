import type { CallWait, DecisionRecord, Finding, Reveal, Suspicion, WireError } from '@signalbox/contracts';
import { flowText } from './label-text.js';

export const errorText = (error: WireError): string => `${error.code}: ${error.message}`;
export const usd = (nano: number): string => `$${(nano / 1e9).toFixed(6)}`;
export const counts = (redactions: Record<string, number | undefined>): string =>
  Object.entries(redactions)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
export const suspected = (suspicion: Suspicion | undefined): string =>
  suspicion === undefined
    ? ''
    : ` It looks like orders to an agent (${suspicion.signs.join(', ')}; ${suspicion.score}), so it counts as the words of others.`;

/** Which rule fired at a gate, never on what. */
export const fired = (gate: string, findings: readonly Finding[] = []): string =>
  findings.length === 0
    ? ''
    : ` At the ${gate} gate: ${findings
        .map(
          ({ class: name, recogniser, action, rule, count }) =>
            `${count} ${name} found by ${recogniser}, ${rule === undefined ? `${action} by default` : `${action} by rule ${rule}`}`,
        )
        .join('; ')}.`;
/** What a tool was given in the place of pseudonyms, never the values. */
export const given = (reveals: readonly Reveal[] = []): string =>
  reveals.length === 0
    ? ''
    : ` Was given ${reveals
        .map(
          ({ class: name, pointer, purpose, count, policies }) =>
            `${count} real ${name} at ${pointer}${purpose === '' ? '' : ` for "${purpose}"`} by policy ${policies.join(', ')}`,
        )
        .join('; ')}.`;
export const timeText = (atMs: number): string => new Date(atMs).toISOString();
export const waitText = (wait: CallWait): string =>
  wait.kind === 'timer'
    ? `until ${timeText(wait.dueAt)}`
    : `for signal ${wait.name}, until ${timeText(wait.dueAt)} at most`;
export const by = ({ rules, policies = [] }: DecisionRecord): string =>
  [
    ...(rules.length > 0 ? [` by rule ${rules.join(', ')}`] : []),
    ...(policies.length > 0 ? [` by policy ${policies.join(', ')}`] : []),
  ].join(' and');
const taken = ({ kind, quotas = [] }: DecisionRecord): string =>
  kind === 'quota' ? '' : quotas.map(({ id, used, max }) => `; quota ${id}: ${used} of ${max}`).join('');
export const why = (decision: DecisionRecord): string =>
  `${decision.kind}${by(decision)}: ${decision.reason}${decision.bundle ? ` (bundle v${decision.bundle.version})` : ''}${taken(decision)}${flowText(decision)}`;
