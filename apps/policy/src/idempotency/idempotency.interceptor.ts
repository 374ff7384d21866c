import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import type { AccessReply, AccessRequest } from '@signalbox/access';
import { KEYS, LOGGER } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import { IdempotencyKey } from '@signalbox/contracts';
import { canonicalJson, MeshError, newId, sha256Hex } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { from, type Observable } from 'rxjs';
import { lastValueFrom } from 'rxjs';
import { AnswerCipher } from './answer-cipher.js';
import { type Claim, KeptAnswersPort } from './kept-answers.port.js';

/** How long an answer is kept at least. */
const LIFE_MS = 48 * 3_600_000;
/** How long a request may take before another attempt may take it on: longer than every statement together. */
const CLAIM_MS = 120_000;
/** A longer answer is not kept, characters: the newest bundle has some hundred thousand. */
const ANSWER_CHARS_MAX = 1_000_000;
/** Answers that are past their time are forgotten so often, and so many at once. */
const FORGET_EVERY_MS = 60_000;
const FORGET_MAX = 1_000;
const KEPT_HEADERS = ['etag', 'sb-bundle', 'sb-bundle-delivered', 'content-type', 'location'];

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/**
 * `Idempotency-Key` on POST and PUT: the same request under the same key is handled once and gets the same answer for
 * two days. A refusal changed nothing, so it is not kept.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  readonly #cipher: AnswerCipher;
  #forgottenAt = 0;

  constructor(
    private readonly answers: KeptAnswersPort,
    @Inject(KEYS) keys: KeyRing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#cipher = new AnswerCipher(keys.hmacKey('msgid.key'));
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<AccessRequest>();
    const header = request.headers['idempotency-key'];
    if (header === undefined || !request.call || !['POST', 'PUT'].includes(request.method)) return next.handle();
    const reply = context.switchToHttp().getResponse<AccessReply>();
    return from(this.#once(keyFrom(header), request, reply, next));
  }

  async #once(key: string, request: AccessRequest, reply: AccessReply, next: CallHandler): Promise<unknown> {
    const call = request.call!;
    const claim = claimOf(key, call.principal.id, request);
    await this.#forget();
    const claimed = await this.answers.claim(claim, Date.now(), CLAIM_MS, LIFE_MS);
    if (claimed.state === 'other')
      throw new MeshError('IDEMPOTENCY_MISMATCH', 'The idempotency key stands for another request.');
    if (claimed.state === 'busy')
      throw new MeshError('IDEMPOTENCY_BUSY', 'A request under this idempotency key is being handled.');
    if (claimed.state === 'answered') return this.#again(claimed.answer, call.principal.id, key, reply);
    call.claim = claim;
    let body: unknown;
    try {
      body = await lastValueFrom(next.handle(), { defaultValue: undefined });
    } catch (error) {
      await this.#quietly(() => this.answers.release(claim));
      throw error;
    }
    await this.#quietly(() => this.answers.keep(claim, this.#closed(body, reply, call.principal.id, key)));
    return body;
  }

  #again(closed: Buffer | null, principal: string, key: string, reply: AccessReply): unknown {
    if (closed === null)
      throw new MeshError(
        'CONFLICT',
        'The request was carried out, but its answer is lost; the log of changes has it.',
      );
    const { status, headers, body } = JSON.parse(this.#cipher.open(closed, principal, key)) as Answer;
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    reply.code(status).header('idempotency-replayed', 'true');
    return body;
  }

  #closed(body: unknown, reply: AccessReply, principal: string, key: string): Buffer | null {
    const set = reply.getHeaders();
    const headers = Object.fromEntries(
      KEPT_HEADERS.flatMap((name) => (set[name] === undefined ? [] : [[name, set[name]]])),
    );
    const text = JSON.stringify({ status: reply.statusCode, headers, body });
    return text.length > ANSWER_CHARS_MAX ? null : this.#cipher.close(text, principal, key);
  }

  /** What was done is done, whether or not it can be noted. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) =>
      this.logger.warn({ err: MeshError.from(error) }, 'an answer could not be kept for its idempotency key'),
    );
  }

  async #forget(): Promise<void> {
    const now = Date.now();
    if (now - this.#forgottenAt < FORGET_EVERY_MS) return;
    this.#forgottenAt = now;
    await this.#quietly(() => this.answers.forget(now, FORGET_MAX));
  }
}

function keyFrom(header: string): string {
  const parsed = IdempotencyKey.safeParse(header);
  if (parsed.success) return parsed.data;
  throw new MeshError('REQUEST_INVALID', 'The header Idempotency-Key must be 1–255 visible ASCII characters.', {
    details: { fields: ['Idempotency-Key'] },
  });
}

/** The same request: method, address, preconditions and body. */
function claimOf(key: string, principal: string, { method, url, headers, body }: AccessRequest): Claim {
  const asked = [method, url, headers['if-match'] ?? null, headers['if-none-match'] ?? null, body ?? null];
  return {
    principal,
    keyDigest: sha256Hex(key),
    fingerprint: sha256Hex(canonicalJson(asked)),
    claim: newId('claim'),
  };
}
