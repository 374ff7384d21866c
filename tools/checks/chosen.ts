import { parseArgs } from 'node:util';

export interface Chosen<T> {
  chosen: T[];
  keepGoing: boolean;
}

/**
 * What `npm run verify` was asked for: the steps of `--only`, all by default, less those of `--skip`; both by comma.
 * Throws where a name is no step: what is misspelt would look as if it had passed.
 */
export function chosenOf<T extends { name: string }>(steps: readonly T[], args: string[]): Chosen<T> {
  const { values } = parseArgs({
    args,
    options: { only: { type: 'string' }, skip: { type: 'string' }, 'keep-going': { type: 'boolean', default: false } },
  });
  const [only, skip] = [values.only?.split(','), values.skip?.split(',') ?? []];
  const unknown = [...(only ?? []), ...skip].filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0)
    throw new Error(`no such step: ${unknown.join(', ')}. Steps: ${steps.map(({ name }) => name).join(', ')}`);
  const chosen = steps.filter(({ name }) => !skip.includes(name) && (only?.includes(name) ?? true));
  return { chosen, keepGoing: values['keep-going'] };
}
