/**
 * Whether anything personal gets through: `npm run bench -- leak [--conversations N] [--quick] [--json] [--seed N]`.
 * Conversations with planted values of every class, in every field, spelling and chunking, through a whole mesh over
 * HTTP and NATS; then all subjects, buckets, objects, replies, logs, tables and files are searched for each of them.
 */
import { Console } from 'node:console';
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { testFolder } from '@signalbox/testing';
import { LeakTest } from './leak/leak-test.ts';
import { missBounds } from './leak/recall.ts';
import { reportOf } from './leak/report.ts';

const CONVERSATIONS = 2_000;
const QUICK_CONVERSATIONS = 100;
const AT_ONCE = 12;

export async function run(argv: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: argv,
    options: {
      conversations: { type: 'string' },
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      seed: { type: 'string' },
    },
  });
  const out = new Console(values.json ? process.stderr : process.stdout);
  const conversations = Number(values.conversations ?? (values.quick ? QUICK_CONVERSATIONS : CONVERSATIONS));
  const say = (line: string): void => out.log(line);
  const stateDir = testFolder('leak');
  const { bounds, from } = missBounds();
  say(`${conversations} conversations; recall of names and addresses measured on ${from}`);
  const options = {
    conversations,
    atOnce: AT_ONCE,
    stateDir,
    say,
    ...(values.seed ? { seed: Number(values.seed) } : {}),
  };
  const test = await LeakTest.start(options);
  try {
    const talked = await test.run();
    const { byClass, byField, bySpelling, places, samples, ...report } = reportOf(test, talked, bounds);
    out.table(byClass);
    out.table(byField);
    out.table(bySpelling);
    if (Object.keys(places).length > 0) out.table(places);
    for (const sample of samples) out.log(sample);
    for (const reason of new Set(talked.broken)) out.log(`broke off: ${reason}`);
    out.table(report.targets);
    return { recallFrom: from, byClass, byField, bySpelling, places, samples, ...report };
  } finally {
    await test.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}
