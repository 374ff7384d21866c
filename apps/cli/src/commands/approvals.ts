import type { SignalboxClient } from '@signalbox/client';
import { APPROVALS_LISTED_MAX, type ApprovalsReplyV1, type OpenApproval } from '@signalbox/contracts';
import { readArguments } from '../arguments.js';
import { connectClient, openAccess } from '../mesh-access.js';
import { table, timeOf } from '../table.js';
import { UsageError } from '../usage-error.js';

const USAGE = `signalbox approvals ls [--limit n]
signalbox approvals show <run> [question]
signalbox approvals approve|reject <run> [question]
signalbox approvals edit <run> [question] '<arguments as JSON>'
With --key-file <file> in the name of another user. Without a question: the only one that is open.`;

/** Pages of the list that are looked at. */
const PAGES_MAX = 20;

/** `signalbox approvals …`: calls that wait for a person, over all runs. */
export async function approvals(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, { limit: { type: 'string' }, 'key-file': { type: 'string' } });
  const [verb = '', runId, ...more] = positionals;
  if (verb === 'ls' ? positionals.length > 1 : !runId || !VERBS.has(verb)) throw new UsageError(USAGE);
  const client = await connectClient(openAccess(values), values['key-file']);
  const say = (shown: string, data: unknown): number => {
    process.stdout.write(values.json ? `${JSON.stringify(data)}\n` : `${shown}\n`);
    return 0;
  };
  try {
    if (verb === 'ls') {
      const { items, next } = await listed(client, {}, numberOf(values.limit ?? '50'));
      const rest = next === null ? '' : '\nThere may be more: --limit.';
      return say(items.length === 0 ? 'No approval is open for you.' : overview(items) + rest, items);
    }
    const changed = verb === 'edit' ? parsed(more.pop()) : undefined;
    const [questionId, ...others] = more;
    if (others.length > 0) throw new UsageError(USAGE);
    const open = await found(client, runId!, questionId);
    if (verb === 'show') return say(open.map(story).join('\n\n'), open);
    const asked = questionId ?? only(open).question.questionId;
    const standing = await client.decide(runId!, asked, verb === 'reject' ? 'deny' : 'approve', changed);
    const { state, agreed, quorum } = standing;
    return say(state === 'open' ? `${agreed.length} of ${quorum} have agreed` : state, standing);
  } finally {
    await client.close();
  }
}

const VERBS = new Set(['show', 'approve', 'reject', 'edit']);

function numberOf(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100) return Number(text);
  throw new UsageError('--limit takes a whole number from 1 to 100');
}

function parsed(text = ''): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new UsageError(`The arguments are no JSON object: ${text.slice(0, 80)}`);
}

/** A page may hold few, or none, of those that concern the caller, and others may follow. */
async function listed(client: SignalboxClient, of: { runId?: string }, limit = Infinity): Promise<ApprovalsReplyV1> {
  const items: OpenApproval[] = [];
  let next: string | null = null;
  for (let page = 0; page < PAGES_MAX && items.length < limit; page++) {
    const most = Math.min(limit - items.length, APPROVALS_LISTED_MAX);
    const answer = await client.approvals({ ...of, limit: most, ...(next === null ? {} : { after: next }) });
    items.push(...answer.items);
    next = answer.next;
    if (next === null) break;
  }
  return { items, next };
}

async function found(client: SignalboxClient, runId: string, questionId?: string): Promise<OpenApproval[]> {
  const { items } = await listed(client, { runId });
  return items.filter(({ question }) => questionId === undefined || question.questionId === questionId);
}

function only(open: OpenApproval[]): OpenApproval {
  const [one, ...others] = open;
  if (one === undefined) throw new UsageError('The run asks for no approval that you may give.');
  if (others.length === 0) return one;
  throw new UsageError(`Several are open; name one: ${open.map(({ question }) => question.questionId).join(', ')}`);
}

function overview(items: OpenApproval[]): string {
  return table(
    ['run', 'question', 'agent', 'for', 'tool', 'agreed', 'yours', 'until'],
    items.map(({ runId, agent, startedBy, mayAnswer, onBehalfOf, question }) => {
      const { questionId, expiresAt = null, approval } = question;
      const yours = mayAnswer ? (onBehalfOf === undefined ? 'yes' : `for ${onBehalfOf}`) : 'no';
      const agreed = `${approval?.agreed?.length ?? 0}/${approval?.quorum ?? 1}`;
      return [runId, questionId, agent ?? '', startedBy, approval?.tool ?? '', agreed, yours, timeOf(expiresAt)];
    }),
  );
}

function story({ runId, agent, startedBy, question }: OpenApproval): string {
  const { questionId, question: text, expiresAt = null, approval } = question;
  const who = [...(approval?.approvers ?? []), ...(approval?.roles ?? []).map((role) => `role ${role}`)].join(', ');
  const agreed = approval?.agreed ?? [];
  const names = agreed.map(({ userId, onBehalfOf }) => (onBehalfOf ? `${userId} for ${onBehalfOf}` : userId));
  return [
    `${runId} ${questionId}: agent ${agent}, for ${startedBy}`,
    text,
    `tool       ${approval?.tool}`,
    `arguments  ${approval?.arguments}`,
    ...(approval?.asked === undefined ? [] : [`asked      ${approval.asked}`]),
    `approvers  ${who}`,
    `agreed     ${agreed.length} of ${approval?.quorum ?? 1}${names.length > 0 ? `: ${names.join(', ')}` : ''}`,
    `until      ${timeOf(expiresAt)}`,
  ].join('\n');
}
