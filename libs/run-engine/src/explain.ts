import type { JournalEntry, JournalEntryOf, RunEvent, RunFork } from '@signalbox/contracts';
import { openDraft } from './draft.js';
import { take } from './evolve.js';
import { counts, errorText, fired, given, suspected, timeText, usd, waitText, why } from './explain-words.js';
import { newRun, type StoredEntry } from './state.js';

/** One line of a run's story. `at` in ms since 1970. */
export interface Line {
  seq: number;
  at: number | null;
  who: string;
  text: string;
}

const forkText = ({ runId, step, model, instructions }: RunFork, messages: number): string =>
  `Forked from ${runId} after step ${step}: ${messages} messages come before its own${model === undefined ? '' : `, model ${model}`}${instructions === undefined ? '' : ', other instructions'}.`;

/** What was decided, as a sentence. */
export function eventText(event: RunEvent): string {
  switch (event.type) {
    case 'run.started':
      return `Started agent ${event.agent.id} with model ${event.model.id} of ${event.model.provider}, bundle v${event.bundle.version}; at most ${event.limits.stepsMax} steps, ${event.limits.tokensMax} tokens, ${usd(event.limits.costNanoUsdMax)}, ${event.limits.toolCallsMax} tool calls, ${event.limits.wallMsMax} ms.`;
    case 'session.requested':
      return 'Asked memory for the session.';
    case 'session.skipped':
      return event.reason;
    case 'model.requested':
      return `Step ${event.step}, attempt ${event.attempt}: asked ${event.provider}/${event.model} with ${event.recipe.messages} messages, at most ${event.outputTokensMax} tokens out. ${event.reason}`;
    case 'plan.stepped':
      return `Step ${event.step}, ${event.id} of the plan: calls ${event.calls.map((call) => call.tool).join(', ')}.`;
    case 'tool.inlined':
      return `Allowed ${event.callId} ${event.tool} and worked it out${event.error ? `, which failed, ${errorText(event.error)}` : ''}: ${why(event.decision)}`;
    case 'tool.requested':
      return event.child === undefined
        ? `Allowed ${event.callId} ${event.tool} (${event.effect}, ${event.tier}), attempt ${event.attempt}: ${why(event.decision)}${event.wait === undefined ? '' : `; waits ${waitText(event.wait)}`}`
        : `Allowed ${event.callId} ${event.tool}, carried out by agent ${event.child.agent} as ${event.child.runId} with at most ${event.child.limits.tokensMax} tokens, ${usd(event.child.limits.costNanoUsdMax)}, ${event.child.limits.toolCallsMax} tool calls: ${why(event.decision)}`;
    case 'run.handed-off':
      return `Allowed ${event.callId} ${event.tool} and handed the run to agent ${event.agent.id} with model ${event.model.id} of ${event.model.provider}; in all at most ${event.limits.stepsMax} steps, ${event.limits.tokensMax} tokens, ${usd(event.limits.costNanoUsdMax)}, ${event.limits.toolCallsMax} tool calls: ${why(event.decision)}`;
    case 'tool.refused':
      return event.decision.outcome === 'permit'
        ? `Allowed ${event.callId} ${event.tool} (${why(event.decision)}), but could not do it, ${errorText(event.error)}`
        : `Refused ${event.callId} ${event.tool}, ${event.error.code}: ${why(event.decision)}`;
    case 'tool.abandoned':
      return `Gave up ${event.callId}: ${errorText(event.error)}`;
    case 'question.asked':
      return `Asked a person (${event.questionId}): ${event.question}${event.expiresAt === undefined ? '' : ` Until ${timeText(event.expiresAt)}.`}`;
    case 'question.closed': {
      const { questionId, choice, userId, by: all, arguments: edited } = event;
      const who =
        all === undefined ? (userId === undefined ? '' : ` of user ${userId}`) : ` of users ${all.join(', ')}`;
      return `Closed question ${questionId} with ${choice}${who}${edited === undefined ? '' : `, with other arguments: ${edited}`}.`;
    }
    case 'loop.warned':
      return `Warned the model after step ${event.step}, ${event.calls} calls without progress (${event.pattern}): ${event.text}`;
    case 'output.rejected':
      return `Did not take the answer of step ${event.step}: ${event.faults.join('; ')}.`;
    case 'limit.reached':
      return `Limit reached: ${event.limit} ${event.value} of ${event.bound}.`;
    case 'run.completed':
      return `Completed after ${event.steps} steps and ${event.toolCalls} tool calls, ${event.usage.inputTokens + event.usage.outputTokens} tokens, ${usd(event.costNanoUsd)}.`;
    case 'run.failed':
      return `Failed, ${errorText(event.error)}`;
    case 'run.cancelled':
      return event.halt === undefined
        ? `Cancelled: ${event.reason}`
        : `Cancelled by kill switch ${event.halt.id} (bundle v${event.halt.bundle.version}): ${event.reason}`;
    case 'session.save-requested':
      return 'Asked memory to keep the conversation.';
  }
}

function passedBetweenRuns(
  entry: JournalEntryOf<'run.spawned.v1' | 'child.ended.v1' | 'parent.ended.v1' | 'parent.held.v1'>,
): { at: number; text: string } {
  switch (entry.kind) {
    case 'run.spawned.v1': {
      const { agent, parent, principal, acceptedAt } = entry.body;
      return {
        at: acceptedAt,
        text: `Called by ${parent.callId} of ${parent.runId} for agent ${agent} and user ${principal.userId}, depth ${parent.depth}.`,
      };
    }
    case 'child.ended.v1': {
      const { callId, childRunId, status, usage, costNanoUsd, toolCalls, error, endedAt } = entry.body;
      return {
        at: endedAt,
        text: `${callId}: ${childRunId} ${status}, ${usage.inputTokens + usage.outputTokens} tokens, ${usd(costNanoUsd)}, ${toolCalls} tool calls${error ? `, ${errorText(error)}` : ''}.`,
      };
    }
    case 'parent.ended.v1':
      return { at: entry.body.endedAt, text: entry.body.reason };
    case 'parent.held.v1': {
      const { parentRunId, holds, reason, heldAt } = entry.body;
      return {
        at: heldAt,
        text: holds
          ? `${parentRunId}, which called this run, is paused: ${reason}`
          : `${parentRunId} goes on, and this run with it.`,
      };
    }
  }
}

type ToolFact = JournalEntryOf<'tool.began.v1' | 'tool.completed.v1' | 'tool.failed.v1'>;

function toolFact(entry: ToolFact): { at: number; text: string } {
  switch (entry.kind) {
    case 'tool.began.v1':
      return {
        at: entry.body.beganAt,
        text: `${entry.body.callId} claimed by ${entry.body.worker}, attempt ${entry.body.attempt}.`,
      };
    case 'tool.completed.v1': {
      const { receipt, callId, attempt, truncated } = entry.body;
      return {
        at: entry.body.completedAt,
        text: `${callId} done by ${receipt.driver}, attempt ${attempt}: ${receipt.usage.wallMs} ms, cpu ${receipt.usage.cpuMs} ms, ${receipt.usage.outputBytes} bytes${truncated ? ', cut' : ''}.${given(entry.body.revealed)}${fired('tool', entry.body.findings)}${suspected(entry.body.suspicion)}`,
      };
    }
    case 'tool.failed.v1':
      return {
        at: entry.body.failedAt,
        text: `${entry.body.callId} failed, attempt ${entry.body.attempt}, ${errorText(entry.body.error)}${entry.body.decision ? ` — ${why(entry.body.decision)}` : ''}${given(entry.body.revealed)}`,
      };
  }
}

function acceptedText(body: JournalEntryOf<'run.accepted.v1'>['body']): string {
  const { principal, agent, ruleset, redactions, findings, fork, prefix = [], decision } = body;
  const found = counts(redactions);
  const allowed = decision === undefined ? '' : ` Let in, ${why(decision)}`;
  return `Accepted from user ${principal.userId} for agent ${agent}; redacted by ${ruleset}: ${found === '' ? 'nothing found' : found}.${fork === undefined ? '' : ` ${forkText(fork, prefix.length)}`}${fired('ingress', findings)}${allowed}`;
}

function refusedText({ error, decision }: JournalEntryOf<'run.refused.v1'>['body']): string {
  return `Refused at the gate, ${errorText(error)}${decision === undefined ? '' : ` — ${why(decision)}`}`;
}

type OneFact = Exclude<JournalEntry, { kind: 'decision.v1' | 'tools.completed.v1' }>;

/** What came together is told one by one. */
function factsOf(entry: Exclude<JournalEntry, { kind: 'decision.v1' }>): { at: number; text: string }[] {
  if (entry.kind !== 'tools.completed.v1') return [factOf(entry)];
  return entry.body.results.map((body) => toolFact({ ...entry, kind: 'tool.completed.v1', body }));
}

function factOf(entry: OneFact): { at: number; text: string } {
  switch (entry.kind) {
    case 'run.accepted.v1':
      return { at: entry.body.acceptedAt, text: acceptedText(entry.body) };
    case 'run.spawned.v1':
    case 'child.ended.v1':
    case 'parent.ended.v1':
    case 'parent.held.v1':
      return passedBetweenRuns(entry);
    case 'run.refused.v1':
      return { at: entry.body.refusedAt, text: refusedText(entry.body) };
    case 'run.cancel-requested.v1':
      return {
        at: entry.body.requestedAt,
        text: `User ${entry.body.principal.userId} asks to cancel: ${entry.body.reason}`,
      };
    case 'run.pause-requested.v1':
    case 'run.resume-requested.v1': {
      const wants = entry.kind === 'run.pause-requested.v1' ? 'pause' : 'resume';
      const { principal, reason, requestedAt } = entry.body;
      return { at: requestedAt, text: `User ${principal.userId} asks to ${wants}: ${reason}` };
    }
    case 'run.signalled.v1': {
      const { principal, name, payload, signalledAt: at, findings } = entry.body;
      return {
        at,
        text: `User ${principal.userId} sends signal ${name}, ${payload.length} characters.${fired('ingress', findings)}`,
      };
    }
    case 'question.answered.v1':
      return {
        at: entry.body.answeredAt,
        text: `User ${entry.body.principal.userId} answers ${entry.body.questionId}: ${entry.body.choice}`,
      };
    case 'session.loaded.v1':
      return { at: entry.body.loadedAt, text: `Session loaded: ${entry.body.messages.length} messages.` };
    case 'session.saved.v1':
      return { at: entry.body.savedAt, text: 'Session saved.' };
    case 'model.completed.v1': {
      const { step, attempt, provider, upstream, usage, costNanoUsd, toolCalls, finish, simulated, tries } = entry.body;
      const wants = toolCalls.length > 0 ? `, wants ${toolCalls.map((call) => call.name).join(', ')}` : '';
      const also = tries.length > 1 ? `, ${tries.length} tries` : '';
      return {
        at: entry.body.completedAt,
        text: `Step ${step}, attempt ${attempt}: ${provider}/${upstream} answered${simulated ? ' (a simulation)' : ''}, finish ${finish}, ${usage.inputTokens}+${usage.outputTokens} tokens, ${usd(costNanoUsd)}${also}${wants}.${fired('model', entry.body.findings)}`,
      };
    }
    case 'model.failed.v1':
      return {
        at: entry.body.failedAt,
        text: `Step ${entry.body.step}, attempt ${entry.body.attempt} failed, ${errorText(entry.body.error)}`,
      };
    case 'tool.began.v1':
    case 'tool.completed.v1':
    case 'tool.failed.v1':
      return toolFact(entry);
    case 'timer.fired.v1':
      return { at: entry.body.firedAt, text: `Timer ${entry.body.timer} fired.` };
    case 'run.recovered.v1':
      return {
        at: entry.body.recoveredAt,
        text: `The journal was rebuilt (incarnation ${entry.body.incarnation}): ${entry.body.restored} facts came back from the archive; its last moments may be missing.`,
      };
    case 'run.archived.v1':
      return { at: entry.body.archivedAt, text: `Moved to the archive with ${entry.body.entries} entries.` };
  }
}

/** What happened in a run, in order, and why: one line for each fact and each event of a decision. */
export function explain(entries: readonly StoredEntry[]): Line[] {
  const lines: Line[] = [];
  const state = openDraft(newRun(entries[0]?.subject ?? ''));
  for (const stored of entries) {
    const { seq, entry } = stored;
    const before = state.reportCount;
    take(state, stored);
    if (state.reportCount > before)
      lines.push({
        seq,
        at: null,
        who: 'engine',
        text: state.reports.findLast((report) => report.seq === seq)?.text ?? 'an entry was ignored',
      });
    if (entry === null) continue;
    if (entry.kind === 'decision.v1')
      for (const event of entry.body.events)
        lines.push({ seq, at: entry.body.decidedAt, who: entry.author, text: eventText(event) });
    else for (const fact of factsOf(entry)) lines.push({ seq, who: entry.author, ...fact });
  }
  return lines;
}
