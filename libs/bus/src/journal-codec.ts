import {
  CHANNELS,
  currentKind,
  JOURNAL_KINDS,
  type JournalEntry,
  type JournalKind,
  parserOf,
  tenantOf,
  upcast,
} from '@signalbox/contracts';
import { backoffMs, MeshError, parseJson, pause, validate } from '@signalbox/kernel';
import type { ClaimStore } from './claim-check.js';
import { isClaim } from './claim-check.js';
import { checkSeal, decodeFrame, type Frame, type SealState } from './frame.js';
import type { KeyRing } from './key-ring.js';
import { LIMITS } from './limits.js';
import type { RawEntry } from './types.js';

/** Finds the body that a claim stands for; throws where it is not what the claim says. */
export type ClaimResolver = Pick<ClaimStore, 'resolve'>;

interface Stored {
  seq: number;
  subject: string;
  data: Uint8Array;
  storedAt?: number;
}

/**
 * Checks a stored entry: frame, author, seal, claim, schema. Never throws over what is stored; what is wrong with it
 * becomes its `fault`. At once, unless its body lies in an object store; one that cannot be reached now is waited for until
 * `signal` aborts.
 */
export function decodeEntry(
  stored: Stored,
  keys: KeyRing,
  claims: ClaimResolver | null,
  signal?: AbortSignal | (() => AbortSignal),
): RawEntry | Promise<RawEntry> {
  const raw: RawEntry = {
    ...placeOf(stored.subject),
    seq: stored.seq,
    subject: stored.subject,
    bytes: stored.data,
    ...(stored.storedAt !== undefined && { storedAt: stored.storedAt }),
    entry: null,
    seal: 'invalid',
  };
  try {
    const { frame, seal } = openFrame(stored.subject, stored.data, keys);
    raw.seal = seal;
    const value = parseJson(frame.json, parserOf(frame.kind));
    if (isClaim(value)) {
      raw.isClaimed = true;
      return resolvePatiently(claims, ownerOf(stored.subject), value, typeof signal === 'function' ? signal() : signal)
        .then((body) => {
          raw.claimed = body;
          raw.entry = entryOf(frame, stored.seq, body);
        })
        .catch((error: unknown) => void (raw.fault = MeshError.from(error)))
        .then(() => raw);
    }
    raw.entry = entryOf(frame, stored.seq, value);
  } catch (error) {
    raw.fault = MeshError.from(error);
  }
  return raw;
}

function openFrame(subject: string, data: Uint8Array, keys: KeyRing): { frame: Frame; seal: SealState } {
  const frame = decodeFrame(data);
  const seal = checkSeal(subject, frame, CHANNELS.run.seal, keys);
  const kind = currentKind(frame.kind);
  const allowed = isJournalKind(kind) ? JOURNAL_KINDS[kind].author : frame.author;
  // Nobody holds a key to check those who write no journals: an entry in their name would stop a run for nothing.
  const writes = (CHANNELS.run.publishers as readonly string[]).includes(frame.author);
  if (seal === 'invalid' || allowed !== frame.author || !writes) {
    throw new MeshError(
      'SEAL_INVALID',
      `An entry of kind ${frame.kind} is not from whom it says, or not theirs to write.`,
      {
        details: { kind: frame.kind, author: frame.author, seal },
      },
    );
  }
  return { frame, seal };
}

function entryOf(frame: Frame, seq: number, written: unknown): JournalEntry {
  const { kind, body, isChecked } = read(frame.kind, written);
  if (!isJournalKind(kind)) {
    throw new MeshError('RUN_QUARANTINED', `The journal holds an entry of the unknown kind ${frame.kind}.`, {
      details: { kind: frame.kind },
    });
  }
  const { schema } = JOURNAL_KINDS[kind];
  // The kind picks the schema, which the type system cannot follow through the table.
  return {
    kind,
    author: frame.author,
    seq,
    body: isChecked === true ? body : validate(schema, body, 'RUN_QUARANTINED'),
  } as JournalEntry;
}

function read(kind: string, written: unknown): ReturnType<typeof upcast> {
  try {
    return upcast(kind, written);
  } catch {
    // No cause: what is said of a body may quote it.
    throw new MeshError('RUN_QUARANTINED', `The journal holds an entry of kind ${kind} that cannot be read.`);
  }
}

export function isJournalKind(kind: string): kind is JournalKind {
  return Object.hasOwn(JOURNAL_KINDS, kind);
}

async function resolvePatiently(
  claims: ClaimResolver | null,
  owner: string,
  claim: unknown,
  signal?: AbortSignal,
): Promise<unknown> {
  if (claims === null) throw new MeshError('BUS_FORBIDDEN', 'This service may not read claimed bodies.');
  for (let attempt = 0; ; attempt++) {
    try {
      return await claims.resolve(owner, claim);
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.retry === 'never' || signal === undefined || signal.aborted) throw fault;
      await pause(backoffMs(attempt, LIMITS.rereadMs, LIMITS.rereadMsMax), signal);
    }
  }
}

/** Whose an entry's large body is: the run's, so that it can go with it. */
export function ownerOf(subject: string): string {
  const { tenant, runId } = placeOf(subject);
  return `${tenant}/${runId}`;
}

function placeOf(subject: string): { tenant: string; runId: string } {
  try {
    return { tenant: tenantOf(subject), runId: subject.slice(subject.lastIndexOf('.') + 1) };
  } catch {
    return { tenant: '', runId: '' };
  }
}
