import { type JournalBody, type KeyGrant, type Message, RunForkRequest, type RunRequestV1 } from '@signalbox/contracts';
import { MeshError, validate } from '@signalbox/kernel';
import type { Prefix } from '@signalbox/run-engine';
import type { RunJournalPort, RunView } from '../runs/run-journal.port.js';

/**
 * The conversation that a fork begins with; null for all other runs. RUN_UNKNOWN where the run is not the caller's
 * own, REQUEST_INVALID where nothing can go on from there.
 */
export async function prefixOf(
  journal: RunJournalPort,
  tenant: string,
  grant: KeyGrant,
  request: RunRequestV1,
): Promise<(Prefix & Pick<RunView, 'regions'>) | null> {
  const { fork, agent, input } = request;
  if (fork === undefined) return null;
  if (request.session !== undefined || request.previousRunId !== undefined)
    throw invalid('A fork brings its own history: it takes no session, and no previous run.');
  const run = { tenant, runId: fork.runId };
  const source = await journal.recall(run);
  if (source === null || source.userId !== grant.userId)
    throw new MeshError('RUN_UNKNOWN', 'There is no run of that id to fork.');
  if (source.view.agent !== agent) throw invalid(`A fork has the agent of its run, which is ${source.view.agent}.`);
  const prefix = await journal.prefix(run, fork.step);
  if (input.length === 0 && prefix.messages.at(-1)?.role === 'assistant')
    throw invalid(`Step ${fork.step} is an answer: say what follows it, or fork after an earlier step.`);
  const { regions } = source.view;
  return regions === undefined ? prefix : { ...prefix, regions };
}

const invalid = (message: string): MeshError => new MeshError('REQUEST_INVALID', message);

/** All texts of a request that may hold anything personal; the instructions of a fork come last. */
export function saidIn({ input, fork }: RunRequestV1): RunRequestV1['input'] {
  return fork?.instructions === undefined ? input : [...input, { role: 'system', content: fork.instructions }];
}

/** `redacted`: what `saidIn` gave. REQUEST_INVALID where the instructions have grown too long by it. */
export function forked(
  { fork }: RunRequestV1,
  { seq, head, messages }: Prefix,
  redacted: readonly Message[],
): Pick<JournalBody<'run.accepted.v1'>, 'fork' | 'prefix'> {
  const changed = fork?.instructions === undefined ? fork : { ...fork, instructions: redacted.at(-1)?.content };
  return { fork: { ...validate(RunForkRequest, changed), seq, head }, prefix: messages };
}
