import type { JournalBody, SessionStateV1 } from '@signalbox/contracts';
import type { z } from 'zod';

export type SessionState = z.infer<typeof SessionStateV1>;
export interface SessionRef {
  tenant: string;
  sessionId: string;
}

/** Where sessions lie: one value a session, changed by compare and set. */
export abstract class SessionsPort {
  /** Revision 0 where there is none yet. */
  abstract load(session: SessionRef): Promise<{ state: SessionState; revision: number }>;
  /** SEQUENCE_CONFLICT when the revision is no longer the newest. Returns the new one. */
  abstract store(session: SessionRef, state: SessionState, revision: number): Promise<number>;
}

/** Where memory says what it did: the journal of the run that asked. */
export abstract class RunJournalPort {
  abstract loaded(run: { tenant: string; runId: string }, fact: JournalBody<'session.loaded.v1'>): Promise<void>;
  abstract saved(run: { tenant: string; runId: string }, fact: JournalBody<'session.saved.v1'>): Promise<void>;
}
