import { QuestionChoice } from '@signalbox/contracts';
import { readArguments } from '../arguments.js';
import { readAudit, RunList, RunStory } from '../audit-api.js';
import { type Access, connectClient, openAccess } from '../mesh-access.js';
import { dollars, sinceStart, table, timeOf } from '../table.js';
import { UsageError } from '../usage-error.js';
import { replay } from './replay.js';

/** `signalbox runs ls|show|replay|cancel|pause|resume|answer`. */
export async function runs(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, {
    limit: { type: 'string', default: '20' },
    to: { type: 'string' },
    step: { type: 'string' },
  });
  const [verb, runId, ...rest] = positionals;
  const access = openAccess(values);
  if (verb === 'ls') return list(access, values.limit, values.json === true);
  if (!runId)
    throw new UsageError(
      'signalbox runs ls | show <run> | replay <run> [--to entry | --step n] | cancel <run> | pause <run> | resume <run> | answer <run> <question> approve|deny|retry|fail|result [text]',
    );
  if (verb === 'show') return show(access, runId, values.json === true);
  if (verb === 'replay') return replay(access, runId, { to: values.to, step: values.step }, values.json === true);
  if (verb === 'cancel') return cancel(access, runId);
  if (verb === 'answer') return answer(access, runId, rest);
  if (verb === 'pause' || verb === 'resume') return hold(access, verb, runId, rest.join(' '));
  throw new UsageError(`signalbox runs has no ${verb}`);
}

async function list(access: Access, limit: string, json: boolean): Promise<number> {
  const { data } = await readAudit(access, `/runs?limit=${encodeURIComponent(limit)}`, RunList);
  const rows = data.map((run) => [
    run.runId,
    run.status,
    run.agent ?? '–',
    timeOf(run.acceptedAt),
    run.inputTokens + run.outputTokens,
    run.toolCalls,
    run.denied,
    dollars(run.costNanoUsd),
  ]);
  const text = table(['run', 'status', 'agent', 'started (UTC)', 'tokens', 'tools', 'denied', 'cost'], rows);
  process.stdout.write(json ? `${JSON.stringify(data)}\n` : `${text}\n`);
  return 0;
}

async function show(access: Access, runId: string, json: boolean): Promise<number> {
  const found = await readAudit(access, `/runs/${encodeURIComponent(runId)}`, RunStory);
  if (json) {
    process.stdout.write(`${JSON.stringify(found)}\n`);
    return 0;
  }
  const { run, story } = found;
  const start = run.acceptedAt ?? 0;
  const rows = story.map((line) => [sinceStart(line.at, start), line.author, line.text]);
  process.stdout.write(
    `${run.runId}  ${run.status}  ${run.agent ?? '–'}  ${dollars(run.costNanoUsd)}\n\n${table(['when', 'who', 'what'], rows)}\n`,
  );
  return 0;
}

async function cancel(access: Access, runId: string): Promise<number> {
  const client = await connectClient(access);
  try {
    await client.cancel(runId, 'cancelled from the command line');
    const view = await client.open(runId).result();
    process.stdout.write(`${view.runId} ${view.status}\n`);
    return view.status === 'cancelled' ? 0 : 1;
  } finally {
    await client.close();
  }
}

async function hold(access: Access, verb: 'pause' | 'resume', runId: string, reason: string): Promise<number> {
  const client = await connectClient(access);
  try {
    await client[verb](runId, reason === '' ? `${verb}d from the command line` : reason);
    process.stdout.write(`${verb} is asked for\n`);
    return 0;
  } finally {
    await client.close();
  }
}

const isChoice = (word: string | undefined): word is QuestionChoice => QuestionChoice.safeParse(word).success;

async function answer(access: Access, runId: string, words: string[]): Promise<number> {
  const [questionId, choice, ...text] = words;
  if (!questionId || !isChoice(choice)) {
    throw new UsageError('signalbox runs answer <run> <question> approve|deny|retry|fail|result [text]');
  }
  const client = await connectClient(access);
  try {
    await client.answer(runId, questionId, choice, choice === 'result' ? text.join(' ') : undefined);
    process.stdout.write('answered\n');
    return 0;
  } finally {
    await client.close();
  }
}
