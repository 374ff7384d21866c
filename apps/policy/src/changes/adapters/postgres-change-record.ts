import { type Call, currentCall } from '@signalbox/access';
import { canonicalJson, MeshError } from '@signalbox/kernel';
import type { EntityManager } from 'typeorm';
import { type Change, type ChangeDraft, FIRST_PREVIOUS, hashOf } from '../change.js';

type Claim = NonNullable<Call['claim']>;

/** In whose name Signalbox changes what nobody asked for: the sample policy, a first key. */
const ITSELF: Change['principal'] = { id: 'signalbox', kind: 'service', name: 'policy service' };

/** Rows of one statement. */
const ROWS_MAX = 500;

/**
 * Writes changes down, in their order, in the transaction that makes them, in the name of the call that it runs for. The
 * head of the log is locked until the commit, so numbers have no gap.
 */
export async function recordChanges(
  manager: EntityManager,
  log: string,
  drafts: readonly ChangeDraft[],
): Promise<void> {
  if (drafts.length === 0) return;
  const call = currentCall();
  if (call?.claim) await markClaim(manager, call.claim);
  const [head] = await manager.query<{ seq: number; hash: string }[]>(
    `insert into change_heads (log, seq, hash) values ($1, $3, $2)
     on conflict (log) do update set seq = change_heads.seq + $3 returning seq, hash`,
    [log, FIRST_PREVIOUS, drafts.length],
  );
  const { id, kind, name } = call?.principal ?? ITSELF;
  let { hash: previous } = head!;
  const rows = drafts.map((draft, index) => {
    const seq = head!.seq - drafts.length + 1 + index;
    const said = {
      ...draft,
      seq,
      at: Date.now(),
      principal: { id, kind, name },
      requestId: call?.requestId ?? null,
      previous,
    };
    previous = hashOf(log, said);
    return rowOf(log, said, previous);
  });
  for (let at = 0; at < rows.length; at += ROWS_MAX) await insert(manager, rows.slice(at, at + ROWS_MAX));
  await manager.query('update change_heads set hash = $2 where log = $1', [log, previous]);
}

export const recordChange = (manager: EntityManager, log: string, draft: ChangeDraft): Promise<void> =>
  recordChanges(manager, log, [draft]);

/** As the table has it; numbers and texts as JSON has them. */
function rowOf(log: string, said: Omit<Change, 'hash'>, hash: string): Record<string, unknown> {
  const { seq, at, principal, requestId, action, resource, previous } = said;
  const [before, after] = [textOf(said.before), textOf(said.after)];
  const bytes = Buffer.byteLength(before ?? '') + Buffer.byteLength(after ?? '');
  return { log, seq, at, principal, request_id: requestId, action, resource, before, after, bytes, previous, hash };
}

async function insert(manager: EntityManager, rows: readonly Record<string, unknown>[]): Promise<void> {
  const json = JSON.stringify(rows);
  await manager.query(
    `insert into changes (log, seq, at, principal, request_id, action, resource, before, after, bytes, previous, hash)
     select log, seq, at, principal, request_id, action, resource, before::json, after::json, bytes, previous, hash
     from jsonb_to_recordset($1::jsonb) as row (log text, seq integer, at bigint, principal jsonb, request_id text,
       action text, resource text, before text, after text, bytes integer, previous text, hash text)`,
    [json],
  );
  await manager.query(
    'insert into change_outbox (log, seq) select log, seq from jsonb_to_recordset($1::jsonb) as row (log text, seq integer)',
    [json],
  );
}

/** So that nobody repeats what was done; and who was too slow, and is repeated already, does nothing. */
async function markClaim(manager: EntityManager, { principal, keyDigest, claim }: Claim): Promise<void> {
  const [mine] = await manager.query<[unknown[], number]>(
    `update kept_answers set acted = true where principal = $1 and key_digest = $2 and claim = $3 returning claim`,
    [principal, keyDigest, claim],
  );
  if (mine.length === 0) throw new MeshError('IDEMPOTENCY_BUSY', 'The request took so long that it is handled anew.');
}

const textOf = (value: object | null): string | null => (value === null ? null : canonicalJson(value));
