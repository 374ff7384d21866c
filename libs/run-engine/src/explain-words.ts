import type { CallWait, DecisionRecord, Finding, WireError } from '@signalbox/contracts';

export const errorText = (error: WireError): string => `${error.code}: ${error.message}`;
export const usd = (nano: number): string => `$${(nano / 1e9).toFixed(6)}`;
export const counts = (redactions: Record<string, number | undefined>): string =>
  Object.entries(redactions)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
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
export const why = (decision: DecisionRecord): string =>
  `${decision.kind}${by(decision)}: ${decision.reason}${decision.bundle ? ` (bundle v${decision.bundle.version})` : ''}`;
