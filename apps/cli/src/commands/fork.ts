import { readArguments } from '../arguments.js';
import { connectClient, openAccess } from '../mesh-access.js';
import { UsageError } from '../usage-error.js';
import { follow } from './run.js';

const USAGE = 'signalbox fork <run> --step n [--model m] [--instructions text] [--json] ["text"]';

/** `signalbox fork`: a new run that goes on from a step of another; nothing up to there is done again. */
export async function fork(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    step: { type: 'string' },
    model: { type: 'string' },
    instructions: { type: 'string' },
  });
  const [runId, ...words] = positionals;
  const { model, instructions } = values;
  if (!runId || !/^\d{1,3}$/.test(values.step ?? '')) throw new UsageError(USAGE);
  const text = words.join(' ').trim();
  const client = await connectClient(openAccess(values));
  try {
    const { agent } = await client.status(runId);
    if (agent === null) throw new UsageError(`${runId} never began, so there is nothing to fork.`);
    const handle = await client.run({
      agent,
      stream: !values.json,
      ...(text ? { input: text } : {}),
      fork: {
        runId,
        step: Number(values.step),
        ...(model === undefined ? {} : { model }),
        ...(instructions === undefined ? {} : { instructions }),
      },
    });
    return await follow(handle, values.json === true);
  } finally {
    await client.close();
  }
}
