import type { JournalEntryOf } from '@signalbox/contracts';
import type { Chapter } from './chronicle.ts';
import type { Evidence } from './verdict.ts';

/** One run of a session, as far as it remembers and is remembered. Sequences are of the partition that they share. */
interface Remembered {
  name: string;
  /** What it says and no other does; null: it ended otherwise than by its script. */
  answer: string | null;
  /** Where it asked for the history; infinite where it never did. */
  askedSeq: number;
  /** Where the session is known to hold it; infinite where it does not. */
  savedSeq: number;
  /** Answers of others that it was told; null: it went on without. */
  told: string[] | null;
}

/** What runs of one session were told of each other: all that was there when they asked, and nothing twice. */
export function wrongSessions({ batch, ids, runs }: Evidence): string[] {
  const sessions = Map.groupBy(
    batch.filter(({ session }) => session !== null),
    ({ session }) => session,
  );
  return [...sessions.values()].flatMap((members) => {
    const remembered = members.flatMap(({ name, answer }) => {
      const chapter = runs.get(ids.get(name) ?? '');
      return chapter === undefined ? [] : [memoryOf(name, answer, chapter)];
    });
    return remembered.flatMap((one) => wrongMemory(one, remembered));
  });
}

function memoryOf(name: string, answer: string, { entries, state }: Chapter): Remembered {
  const decided = (type: string): number =>
    seqOf(entries, (entry) => entry?.kind === 'decision.v1' && entry.body.events.some((event) => event.type === type));
  const loaded = entries.find((each) => each.entry?.kind === 'session.loaded.v1')?.entry as
    | JournalEntryOf<'session.loaded.v1'>
    | undefined;
  const isTold = state.load?.status === 'done' && loaded !== undefined;
  return {
    name,
    answer: state.output === answer ? answer : null,
    askedSeq: decided('session.requested'),
    savedSeq: seqOf(entries, (entry) => entry?.kind === 'session.saved.v1'),
    told: isTold
      ? loaded.body.messages.flatMap(({ role, content }) => (role === 'assistant' ? [content ?? ''] : []))
      : null,
  };
}

function wrongMemory({ name, told, askedSeq }: Remembered, session: readonly Remembered[]): string[] {
  if (told === null) return [];
  return session.flatMap(({ name: other, answer, savedSeq }) => {
    if (answer === null) return [];
    const times = told.filter((text) => text === answer).length;
    if (times > 1) return [`${name} was told ${times} times what ${other} answered`];
    return times === 0 && savedSeq < askedSeq ? [`${name} was not told what ${other} had answered before`] : [];
  });
}

function seqOf(entries: Chapter['entries'], isIt: (entry: Chapter['entries'][number]['entry']) => boolean): number {
  return entries.find(({ entry }) => isIt(entry))?.seq ?? Number.POSITIVE_INFINITY;
}
