import type { RunHandle } from '@signalbox/client';
import { readArguments } from '../arguments.js';
import { connectClient, openAccess } from '../mesh-access.js';
import { dollars } from '../table.js';
import { UsageError } from '../usage-error.js';

/** `signalbox run`: asks an agent and prints its answer as it is made. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    agent: { type: 'string', default: 'analyst' },
    session: { type: 'string' },
    name: { type: 'string', multiple: true },
  });
  const question = positionals.join(' ').trim();
  if (!question) throw new UsageError('Say what to ask: signalbox run "…"');
  const client = await connectClient(openAccess(values));
  try {
    const handle = await client.run({
      agent: values.agent,
      input: question,
      stream: !values.json,
      ...(values.session ? { session: values.session } : {}),
      ...(values.name ? { profile: { names: values.name } } : {}),
    });
    return await follow(handle, values.json === true);
  } finally {
    await client.close();
  }
}

/** Prints the answer of a run as it is made, and how it ended; the exit code of the command. */
export async function follow(handle: RunHandle, json: boolean): Promise<number> {
  let printed = '';
  for await (const event of handle.events()) {
    if (event.type === 'delta' && !json) process.stdout.write(event.text);
    if (event.type === 'delta') printed += event.text;
    if (event.type === 'note' && event.phase === 'waiting') await showWaits(handle);
    if (event.type !== 'end') continue;
    const { view } = event;
    if (json) process.stdout.write(`${JSON.stringify(view)}\n`);
    else
      finish(
        view.output ?? '',
        printed,
        `${view.runId} ${view.status}, ${dollars(view.costNanoUsd)}${view.simulated ? ', simulated model' : ''}`,
      );
    if (view.error && !json) process.stderr.write(`${view.error.code}: ${view.error.message}\n`);
    return view.status === 'completed' ? 0 : 1;
  }
  return 1;
}

/** The run goes on once somebody answers, or what it waits for comes; until then this command waits with it. */
async function showWaits(handle: RunHandle): Promise<void> {
  const { question, otherQuestions = [], waits = [] } = await handle.status();
  for (const asked of question === null ? [] : [question, ...otherQuestions]) {
    const call = asked.approval ? `\n  ${asked.approval.tool} ${asked.approval.arguments}` : '';
    const how = `signalbox runs answer ${handle.runId} ${asked.questionId} ${asked.choices.join('|')}`;
    process.stderr.write(`\n${asked.question}${call}\n  ${how}\n`);
  }
  for (const { kind, name, dueAt } of waits) {
    const until = new Date(dueAt).toISOString();
    const what =
      kind === 'timer' ? `until ${until}` : `for \`signalbox signal ${handle.runId} ${name} [json]\`, until ${until}`;
    process.stderr.write(`\nThe run waits ${what}.\n`);
  }
}

/** Prints what of the answer has not been seen yet, then a line about the run. */
function finish(output: string, printed: string, summary: string): void {
  if (!printed.endsWith(output)) process.stdout.write(`${printed ? '\n' : ''}${output}`);
  process.stdout.write(`\n\n(${summary})\n`);
}
