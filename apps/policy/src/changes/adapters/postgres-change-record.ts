import { type Call, currentCall } from '@signalbox/access';
import { canonicalJson, MeshError } from '@signalbox/kernel';
import type { EntityManager } from 'typeorm';
import { type Change, type ChangeDraft, FIRST_PREVIOUS, hashOf } from '../change.js';

type Claim = NonNullable<Call['claim']>;

/** In whose name Signalbox changes what nobody asked for: the sample policy, a first key. */
const ITSELF: Change['principal'] = { id: 'signalbox', kind: 'service', name: 'policy service' };

/**
 * Writes a change down in the transaction that makes it, in the name of the call that it runs for. The head of the log
 * is locked until the commit, so numbers have no gap.
 */
export async function recordChange(manager: EntityManager, log: string, draft: ChangeDraft): Promise<void> {
  const call = currentCall();
  if (call?.claim) await markClaim(manager, call.claim);
  const [head] = await manager.query<{ seq: number; hash: string }[]>(
    `insert into change_heads (log, seq, hash) values ($1, 1, $2)
     on conflict (log) do update set seq = change_heads.seq + 1 returning seq, hash`,
    [log, FIRST_PREVIOUS],
  );
  const { seq, hash: previous } = head!;
  const { id, kind, name } = call?.principal ?? ITSELF;
  const said = {
    ...draft,
    seq,
    at: Date.now(),
    principal: { id, kind, name },
    requestId: call?.requestId ?? null,
    previous,
  };
  const hash = hashOf(log, said);
  const [before, after] = [textOf(draft.before), textOf(draft.after)];
  const bytes = Buffer.byteLength(before ?? '') + Buffer.byteLength(after ?? '');
  await manager.query(
    `insert into changes (log, seq, at, principal, request_id, action, resource, before, after, bytes, previous, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      log,
      seq,
      said.at,
      said.principal,
      said.requestId,
      draft.action,
      draft.resource,
      before,
      after,
      bytes,
      previous,
      hash,
    ],
  );
  await manager.query('update change_heads set hash = $2 where log = $1', [log, hash]);
  await manager.query('insert into change_outbox (log, seq) values ($1, $2)', [log, seq]);
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
