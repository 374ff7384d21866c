import { z } from 'zod';
import { readArguments } from '../../arguments.js';
import { openAccess } from '../../mesh-access.js';
import { askPolicy } from '../../policy-api.js';
import { printer } from '../../print.js';
import { UsageError } from '../../usage-error.js';

const Review = z.object({ twoPersons: z.boolean() });

/** `signalbox policy review [on|off]`: whether a change takes two persons. */
export async function review(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {});
  const [wanted, ...more] = positionals;
  if (more.length > 0 || (wanted !== undefined && wanted !== 'on' && wanted !== 'off'))
    throw new UsageError('signalbox policy review [on|off]');
  const request = wanted === undefined ? {} : ({ method: 'PUT', body: { twoPersons: wanted === 'on' } } as const);
  const shown = await askPolicy(openAccess(values), '/review', Review, request);
  const text = shown.twoPersons ? 'changes take two persons' : 'one person may change everything';
  return printer(values.json)(shown, text);
}
