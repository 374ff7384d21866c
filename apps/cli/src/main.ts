import { ClientError } from '@signalbox/client';
import { MeshError } from '@signalbox/kernel';
import { adminKeys } from './commands/admin-keys.js';
import { approvals } from './commands/approvals.js';
import { audit } from './commands/audit.js';
import { changes } from './commands/changes.js';
import { cost } from './commands/cost.js';
import { fork } from './commands/fork.js';
import { incidents } from './commands/incidents.js';
import { letters } from './commands/letters.js';
import { policy } from './commands/policy/policy.js';
import { privacy } from './commands/privacy.js';
import { halt, unhalt } from './commands/halt.js';
import { limits } from './commands/limits.js';
import { run } from './commands/run.js';
import { runs } from './commands/runs.js';
import { schedules } from './commands/schedules.js';
import { signal } from './commands/signal.js';
import { status } from './commands/status.js';
import { users } from './commands/users.js';
import { UsageError } from './usage-error.js';

const USAGE = `signalbox – talk to a mesh

  signalbox run [--agent a] [--session s] [--name "Ann Lee"]… [--json] "question"
                                 ask an agent; the answer appears as it is made
  signalbox fork <run> --step n [--model m] [--instructions text] [--json] ["text"]
                                 go on from a step of another run, with another model or prompt
  signalbox runs ls [--limit n]  the newest runs
  signalbox runs show <run>      what happened in a run, and why
  signalbox runs replay <run> [--to entry | --step n]
                                 how a run came about, and as it stood then
  signalbox runs cancel <run>    stop a run
  signalbox runs pause|resume <run> [reason]
                                 begin nothing new for a run; go on with it
  signalbox runs answer <run> <question> approve|deny|retry|fail|result [text]
                                 answer the question of a waiting run
  signalbox approvals ls|show|approve|reject|edit
                                 calls that wait for a person, over all runs
  signalbox halt agent <id> | tenant [--reason text]
                                 the kill switch: cancel what runs, start nothing
  signalbox unhalt agent <id> | tenant
                                 let it run again
  signalbox limits show          what all runs of the tenant may take up together
  signalbox limits set [--concurrent-runs n|none] [--open-runs n|none] [--weight n|none]
                                 change it
  signalbox signal <run> <name> [json]
                                 tell a run something from outside
  signalbox incidents ls [--limit n]
                                 personal data that came past the gates, and the like
  signalbox letters list [--zone core|gate] [--state open|replayed|discarded] [--code c] [--stream s]
                                 messages that could not be handled
  signalbox letters show <letter>
                                 what is in one, and why it is there
  signalbox letters replay|discard <letter>…|--all [--by name]
                                 give it another chance, or up
  signalbox schedules list|show|next|put|enable|disable|rm
                                 runs that are started by the clock
  signalbox policy ls|show|put|rm|validate|schema
                                 Cedar policies: who may call which tool, and how
  signalbox policy draft|dry-run|shadow|test|history|diff|rollback|review|apply|drift|export|status|recheck|incidents
                                 how that is changed: together, tested, and back again
  signalbox admin-keys ls|show|add|rotate|rm
                                 keys of services and people that call the admin APIs
  signalbox users ls|show|add|grant|enable|disable|rm
                                 users by the tokens of your issuer
  signalbox changes ls|show|verify
                                 who changed what, and when
  signalbox privacy classes|try|compare|rules|keys|rotate|erase
                                 what redaction does, the keys of the vault, the erasure of a user
  signalbox audit verify [run]   recompute the hash chain of one run, or of all, and decide each again
  signalbox cost [--by tenant|user|agent|model]
                                 what was spent
  signalbox status               the processes of the mesh on this machine

Common options: --state-dir <folder> (default .signalbox), --tenant <tenant> (default demo)`;

const COMMANDS: Record<string, (argv: string[]) => Promise<number>> = {
  run,
  fork,
  incidents,
  runs,
  signal,
  approvals,
  halt,
  unhalt,
  limits,
  letters,
  schedules,
  policy,
  'admin-keys': adminKeys,
  users,
  changes,
  privacy,
  audit,
  cost,
  status,
};

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  const command = COMMANDS[name ?? ''];
  if (!command || rest.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return command || name === undefined || name === '--help' ? 0 : 2;
  }
  return command(rest);
}

/** 0 done, 1 the mesh said no or could not be reached, 2 the call is wrong. */
function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  const known =
    error instanceof ClientError || error instanceof MeshError ? `${error.code}: ${error.message}` : String(error);
  process.stderr.write(`${known}\n`);
  return 1;
}

process.exitCode = await main(process.argv.slice(2)).catch(report);
