import { readArguments } from '../arguments.js';
import { openAccess } from '../mesh-access.js';
import { changePolicy } from '../policy-api.js';
import { UsageError } from '../usage-error.js';

const USAGE = 'signalbox halt|unhalt tenant | agent <id> [--reason text]';

/** `signalbox halt agent <id>` or `tenant`: what runs of it is cancelled, and nothing of it starts. */
export async function halt(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    reason: { type: 'string', default: 'halted from the command line' },
  });
  const { id, agents } = wanted(positionals);
  const { reason } = values;
  await changePolicy(openAccess(values), 'PUT', `/halts/${id}`, { id, agents, reason });
  process.stdout.write(`${positionals.join(' ')} is halted: ${reason}\n`);
  return 0;
}

/** `signalbox unhalt agent <id>` or `tenant`: it may run again; what was cancelled stays so. */
export async function unhalt(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {});
  await changePolicy(openAccess(values), 'DELETE', `/halts/${wanted(positionals).id}`);
  process.stdout.write(`${positionals.join(' ')} may run again\n`);
  return 0;
}

function wanted([what, agent, ...more]: string[]): { id: string; agents: '*' | string[] } {
  if (what === 'tenant' && agent === undefined) return { id: 'tenant', agents: '*' };
  if (what !== 'agent' || agent === undefined || more.length > 0) throw new UsageError(USAGE);
  return { id: `agent_${agent}`.slice(0, 64), agents: [agent] };
}
