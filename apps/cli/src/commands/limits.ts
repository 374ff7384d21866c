import { z } from 'zod';
import { readArguments } from '../arguments.js';
import { openAccess } from '../mesh-access.js';
import { askPolicy } from '../policy-api.js';
import { table } from '../table.js';
import { UsageError } from '../usage-error.js';

const USAGE = `signalbox limits show
signalbox limits set [--concurrent-runs n] [--open-runs n] [--weight n]        n, or none to take it back`;
const OPTIONS = {
  'concurrent-runs': 'concurrentRunsMax',
  'open-runs': 'openRunsMax',
  weight: 'weight',
} as const;

const LimitsShown = z.object({
  revision: z.number(),
  definition: z.object({
    concurrentRunsMax: z.number().optional(),
    openRunsMax: z.number().optional(),
    weight: z.number().optional(),
  }),
});
type Definition = z.infer<typeof LimitsShown>['definition'];

/** `signalbox limits …`: what all runs of the tenant may take up together. */
export async function limits(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    'concurrent-runs': { type: 'string' },
    'open-runs': { type: 'string' },
    weight: { type: 'string' },
  });
  const [verb, ...more] = positionals;
  const given = Object.entries(OPTIONS).flatMap(([option, name]) => {
    const text = values[option as keyof typeof OPTIONS];
    return text === undefined ? [] : [[name, numberOf(option, text)] as const];
  });
  if (more.length > 0 || (verb === 'set') === (given.length === 0) || (verb !== 'set' && verb !== 'show'))
    throw new UsageError(USAGE);
  const access = openAccess(values);
  const before = await askPolicy(access, '/limits', LimitsShown);
  const body = { ...before.definition, ...Object.fromEntries(given) };
  const headers = { 'if-match': `"${before.revision}"` };
  const { definition } =
    verb === 'show' ? before : await askPolicy(access, '/limits', LimitsShown, { method: 'PUT', body, headers });
  process.stdout.write(values.json ? `${JSON.stringify(definition)}\n` : `${overview(definition)}\n`);
  return 0;
}

/** Undefined for `none`: JSON then leaves it out. */
function numberOf(option: string, text: string): number | undefined {
  if (text === 'none') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${option} takes a whole number, or none`);
  return Number(text);
}

function overview(definition: Definition): string {
  return table(
    ['limit', 'value'],
    Object.values(OPTIONS).map((name) => [name, String(definition[name] ?? 'none')]),
  );
}
