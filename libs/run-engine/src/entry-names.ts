import type { JournalEntry, RunEvent } from '@signalbox/contracts';

/** The call, question, step, timer or limit that something is about, as the journal names it; empty: the run itself. */
function subjectOf(thing: RunEvent | JournalEntry['body']): string {
  if ('results' in thing) return thing.results.map(({ callId }) => callId).join(' ');
  if ('questionId' in thing) return thing.questionId;
  if ('callId' in thing) return thing.callId;
  if ('step' in thing) return `step ${thing.step}`;
  if ('timer' in thing) return thing.timer;
  return 'limit' in thing ? thing.limit : '';
}

/** `tool.requested call_1_0`. */
export const eventName = (event: RunEvent): string => `${event.type} ${subjectOf(event)}`.trimEnd();

/** `tool.completed call_1_0`; of a decision the names of its events. */
export function entryName(entry: JournalEntry): string {
  if (entry.kind === 'decision.v1') return entry.body.events.map(eventName).join(', ');
  return `${entry.kind.replace(/\.v\d+$/, '')} ${subjectOf(entry.body)}`.trimEnd();
}
