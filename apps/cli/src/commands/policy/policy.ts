import { UsageError } from '../../usage-error.js';
import { apply, drift, exportFolder } from './apply.js';
import { draft } from './drafts.js';
import { diff, history, rollback } from './history.js';
import { inForce } from './in-force.js';
import { incidents } from './incidents.js';
import { dryRun, recheck, shadow } from './outcomes.js';
import { policies } from './policies.js';
import { review } from './review.js';
import { test } from './tests.js';

const USAGE = `signalbox policy ls | show <id> | rm <id> | schema <tool>
signalbox policy put|validate <id> <file.cedar>|- [--description text]
signalbox policy draft ls | new "title" [--id id] | show|validate|rebase|approve|shadow|unshadow|publish|discard <draft>
signalbox policy draft put <draft> <kind> <id> <file>|-      rm|drop <draft> <kind> <id>
signalbox policy dry-run <draft> [--decisions n]  what recorded calls would have come to
signalbox policy shadow [--decisions n]          how live decisions would change by what is in shadow
signalbox policy test                            run the tests of the policies
signalbox policy history [--limit n]             who made which version, and by what
signalbox policy diff <version> [<from>]         what a version changed
signalbox policy rollback <version>              bring its content back, as a new version
signalbox policy review [on|off]                 whether a change takes two persons
signalbox policy apply|drift|export <folder>     policies as files: [--prune] [--dry-run]
signalbox policy status                          which version each process decides by
signalbox policy recheck | incidents             live decisions decided once more; what was wrong`;

const VERBS: Record<string, (argv: string[]) => Promise<number>> = {
  draft,
  test,
  history,
  diff,
  rollback,
  review,
  'dry-run': dryRun,
  shadow,
  recheck,
  incidents,
  status: inForce,
  apply,
  drift,
  export: exportFolder,
};
const ONE_BY_ONE = ['ls', 'show', 'put', 'rm', 'validate', 'schema'];

/** `signalbox policy …`: what is allowed, and how that is changed. */
export function policy(argv: string[]): Promise<number> {
  const [verb = '', ...rest] = argv;
  if (ONE_BY_ONE.includes(verb)) return policies(argv);
  const command = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (command === undefined) throw new UsageError(USAGE);
  return command(rest);
}
