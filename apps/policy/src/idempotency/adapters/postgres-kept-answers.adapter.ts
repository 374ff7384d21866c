import { Injectable } from '@nestjs/common';
import { Database } from '@signalbox/persistence';
import { type Claim, type Claimed, KeptAnswersPort } from '../kept-answers.port.js';

interface Row {
  fingerprint: string;
  claimedUntil: string;
  acted: boolean;
  done: boolean;
  answer: Buffer | null;
}

@Injectable()
export class PostgresKeptAnswers extends KeptAnswersPort {
  constructor(private readonly database: Database) {
    super();
  }

  override claim(claim: Claim, nowMs: number, claimMs: number, lifeMs: number): Promise<Claimed> {
    const { principal, keyDigest, fingerprint } = claim;
    return this.database.run(async (manager) => {
      const mine = await manager.query<unknown[]>(
        `insert into kept_answers as kept (principal, key_digest, fingerprint, claim, claimed_until, expires_at)
         values ($1, $2, $3, $4, $5::bigint + $6, $5::bigint + $7)
         on conflict (principal, key_digest) do update
           set fingerprint = $3, claim = $4, claimed_until = $5::bigint + $6, acted = false, done = false,
               answer = null, expires_at = $5::bigint + $7
           where kept.expires_at <= $5
              or (not kept.done and not kept.acted and kept.claimed_until <= $5 and kept.fingerprint = $3)
         returning claim`,
        [principal, keyDigest, fingerprint, claim.claim, nowMs, claimMs, lifeMs],
      );
      if (mine.length > 0) return { state: 'mine' };
      const [row] = await manager.query<Row[]>(
        `select fingerprint, claimed_until as "claimedUntil", acted, done, answer from kept_answers
         where principal = $1 and key_digest = $2`,
        [principal, keyDigest],
      );
      // It was given free just now: whoever asks again finds it so.
      if (!row) return { state: 'busy' };
      if (row.fingerprint !== fingerprint) return { state: 'other' };
      if (row.done) return { state: 'answered', answer: row.answer };
      // Whoever changed something and did not answer in time was killed in between.
      return row.acted && Number(row.claimedUntil) <= nowMs ? { state: 'answered', answer: null } : { state: 'busy' };
    });
  }

  override async keep({ principal, keyDigest, claim }: Claim, answer: Buffer | null): Promise<void> {
    await this.database.run((manager) =>
      manager.query(
        'update kept_answers set done = true, answer = $4 where principal = $1 and key_digest = $2 and claim = $3',
        [principal, keyDigest, claim, answer],
      ),
    );
  }

  override async release({ principal, keyDigest, claim }: Claim): Promise<void> {
    await this.database.run((manager) =>
      manager.query(
        'delete from kept_answers where principal = $1 and key_digest = $2 and claim = $3 and not acted and not done',
        [principal, keyDigest, claim],
      ),
    );
  }

  override async forget(nowMs: number, limit: number): Promise<void> {
    await this.database.run((manager) =>
      manager.query(
        `delete from kept_answers where (principal, key_digest) in (
           select principal, key_digest from kept_answers where expires_at <= $1 limit $2)`,
        [nowMs, limit],
      ),
    );
  }
}
