import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type ClaimV1,
  JOURNAL_KINDS,
  type JournalEntry,
  type JournalKind,
  type RunViewV1,
  upcast,
} from '@signalbox/contracts';
import type { StoredEntry } from './state.js';

const ROOT = resolve(import.meta.dirname, '../golden');

interface Header {
  scene: string;
  subject: string;
  /** Hash chain over all entries. */
  head: string;
  decisions: number;
  /** The run as the version that wrote it saw its end. */
  end: RunViewV1;
}

interface Line {
  seq: number;
  /** What of the stored bytes is not JSON. */
  head: string;
  claim?: ClaimV1;
  body: unknown;
}

export interface GoldenJournal extends Header {
  release: string;
  entries: StoredEntry[];
  /** Bodies that lay in the object store, and the hash under which. */
  claimed: { sha256: string; json: string }[];
}

/** Every recorded journal of every release, as this version reads it: through upcasters and schemas. Throws where it cannot. */
export function goldenJournals(): GoldenJournal[] {
  return readdirSync(ROOT).flatMap((release) =>
    readdirSync(join(ROOT, release)).map((file) => journalOf(release, readFileSync(join(ROOT, release, file), 'utf8'))),
  );
}

function journalOf(release: string, text: string): GoldenJournal {
  const [first = '', ...rest] = text.trim().split('\n');
  const header = JSON.parse(first) as Header;
  const lines = rest.map((line) => JSON.parse(line) as Line);
  return {
    ...header,
    release,
    entries: lines.map((line) => storedEntry(header.subject, line)),
    claimed: lines.flatMap(({ claim, body }) =>
      claim === undefined ? [] : [{ sha256: claim.$claim.sha256, json: JSON.stringify(body) }],
    ),
  };
}

function storedEntry(subject: string, { seq, head, claim, body }: Line): StoredEntry {
  const [, written = '', author] = head.split(' ');
  const read = upcast(written, body);
  const { schema } = JOURNAL_KINDS[read.kind as JournalKind];
  const entry = { kind: read.kind, author, seq, body: schema.parse(read.body) } as JournalEntry;
  return {
    seq,
    subject,
    bytes: new TextEncoder().encode(head + JSON.stringify(claim ?? body)),
    entry,
    seal: 'verified',
  };
}
