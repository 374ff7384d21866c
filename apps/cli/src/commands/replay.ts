import type { z } from 'zod';
import { readAudit, RunReplay } from '../audit-api.js';
import type { Access } from '../mesh-access.js';
import { dollars, oneLine, sinceStart, table } from '../table.js';
import { UsageError } from '../usage-error.js';

const USAGE = 'signalbox runs replay <run> [--to entry | --step n]';
const DIGITS = /^\d{1,15}$/;
/** Characters of a cell, and of a line below the tables; `--json` has all. */
const CELL_CHARS = 60;
const LINE_CHARS = 400;

type Shown = z.infer<typeof RunReplay>;

/** `signalbox runs replay`: how a run came about, and as it stood at an entry or at the end of a step. */
export async function replay(
  access: Access,
  runId: string,
  end: { to?: string | undefined; step?: string | undefined },
  json: boolean,
): Promise<number> {
  const asked = Object.entries(end).filter(([, value]) => value !== undefined) as [string, string][];
  if (asked.length > 1 || asked.some(([, value]) => !DIGITS.test(value))) throw new UsageError(USAGE);
  const path = `/runs/${encodeURIComponent(runId)}/replay?${new URLSearchParams(asked).toString()}`;
  const found = await readAudit(access, path, RunReplay);
  const text = [headOf(found), framesOf(found), stepsOf(found), endOf(found)].filter((part) => part !== '');
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : `${text.join('\n\n')}\n`);
  return 0;
}

function headOf({ view, limits, steps, seq, left }: Shown): string {
  const { inputTokens, outputTokens } = view.usage;
  const of = (bound: number | string | undefined): string => (bound === undefined ? '' : ` of ${bound}`);
  const used = [
    `${steps.length}${of(limits?.stepsMax)} steps`,
    `${inputTokens + outputTokens}${of(limits?.tokensMax)} tokens`,
    `${dollars(view.costNanoUsd)}${of(limits === null ? undefined : dollars(limits.costNanoUsdMax))}`,
    `${view.toolCalls}${of(limits?.toolCallsMax)} tool calls, ${view.denied} denied`,
  ];
  const where = left === 0 ? 'to its last entry' : `to entry ${seq}, ${left} more came after it`;
  return `${view.runId}  ${view.status}  ${view.agent ?? '–'}  ${where}\n${used.join(', ')}`;
}

function framesOf({ frames, view }: Shown): string {
  const start = view.acceptedAt ?? frames[0]?.at ?? 0;
  const rows = frames.map((frame) => [
    frame.seq,
    sinceStart(frame.at, start),
    frame.author,
    oneLine(frame.what, CELL_CHARS),
    frame.status,
    frame.step,
    frame.openCalls,
    frame.usage.inputTokens + frame.usage.outputTokens,
    dollars(frame.costNanoUsd),
  ]);
  return table(['entry', 'when', 'who', 'what', 'status', 'step', 'open calls', 'tokens', 'cost'], rows);
}

function stepsOf({ steps }: Shown): string {
  const rows = steps.flatMap(({ step, status, attempt, label, content, error, calls }) => [
    [step, '', '', status, attempt, label.integrity, '', outcome(content, error)],
    ...calls.map((call) => [
      ...[step, call.callId, oneLine(call.tool, CELL_CHARS), call.status, call.attempt, call.label.integrity],
      ...[oneLine(call.arguments, CELL_CHARS), outcome(call.result, call.error)],
    ]),
  ]);
  const columns = ['step', 'call', 'tool', 'status', 'attempt', 'integrity', 'arguments', 'said or gave'];
  return rows.length === 0 ? '' : table(columns, rows);
}

const outcome = (text: string, error: Shown['view']['error']): string =>
  oneLine(error === null ? text : `${error.code}: ${error.message}`, CELL_CHARS);

function endOf({ view }: Shown): string {
  const { question, otherQuestions = [], waits = [], error, output } = view;
  const asked = question === null ? [] : [question, ...otherQuestions];
  return [
    ...asked.map((one) => `asks ${one.questionId}: ${oneLine(one.question, LINE_CHARS)}`),
    ...waits.map(
      (wait) => `${wait.callId} waits for ${wait.name ?? 'a time'}, until ${new Date(wait.dueAt).toISOString()}`,
    ),
    ...(error === null ? [] : [`error ${error.code}: ${oneLine(error.message, LINE_CHARS)}`]),
    ...(output === null ? [] : [`output ${oneLine(output, LINE_CHARS)}`]),
  ].join('\n');
}
