import { randomBytes } from 'node:crypto';
import {
  AnsweredV1,
  ApprovalsReplyV1,
  ApproveRequestV1,
  AuthReplyV1,
  CancelRequestV1,
  inboxPrefix,
  PauseRequestV1,
  type QuestionChoice,
  requestIdFrom,
  ResumeRequestV1,
  ReservationV1,
  runOfRequest,
  RunRequestV1,
  RunViewV1,
  SignalRequestV1,
  subjects,
} from '@signalbox/contracts';
import { connect, type ConnectionOptions, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import type { z } from 'zod';
import { digestOf } from './bearer-key.js';
import { ClientError } from './client-error.js';
import { RunHandle } from './run-handle.js';

export type RunView = z.infer<typeof RunViewV1>;
export type Agents = z.infer<typeof AuthReplyV1>['agents'];

export interface ClientOptions {
  /** `nats://host:port` of the mesh. */
  url: string;
  tenant: string;
  /** Bearer key, `sb_<tenant>_<secret>`: says which user asks. */
  key: string;
  /** Seed of the NATS user of the tenant's own systems. */
  nkeySeed: string;
  /** How long a short answer may take, ms. */
  timeoutMs?: number;
  tls?: ConnectionOptions['tls'];
}

export interface RunOptions {
  agent: string;
  /**
   * A question, or a conversation so far; may be absent for a fork. A message with `untrusted` is data that is passed on,
   * for which nobody here stands.
   */
  input?: string | RunRequestV1['input'];
  /** Only who belongs to all of these classes may read what is said; absent: anybody may. */
  readers?: RunRequestV1['readers'];
  /** Runs of one session see each other and keep their order. */
  session?: string;
  previousRunId?: string;
  /** The person's own names, so that they are found in the text. */
  profile?: { names: string[] };
  limits?: RunRequestV1['limits'];
  /** Begins with what another run said, did and heard up to a step, its agent being the same. */
  fork?: RunRequestV1['fork'];
  /** Among the runs of the tenant; `high` needs a key that may ask for it. */
  priority?: RunRequestV1['priority'];
  /** What it carries must not leave these, and neither must its conversation from then on. */
  regions?: RunRequestV1['regions'];
  /** The same key gives the same run, however often this caller asks; for at least a day. */
  idempotencyKey?: string;
  /** Ask for the answer while it is being made. */
  stream?: boolean;
}

const TIMEOUT_MS = 10_000;

/** A tenant's own access to the mesh over NATS: starts, watches, reads, cancels and answers runs. */
export class SignalboxClient {
  readonly #digest: string;
  readonly #timeoutMs: number;

  private constructor(
    private readonly connection: NatsConnection,
    private readonly options: ClientOptions,
  ) {
    this.#digest = digestOf(options.key);
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  static async connect(options: ClientOptions): Promise<SignalboxClient> {
    const connection = await connect({
      servers: options.url,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(options.nkeySeed)),
      inboxPrefix: tenantInbox(options.tenant),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      name: `client ${options.tenant}`,
      ...(options.tls ? { tls: options.tls } : {}),
    });
    return new SignalboxClient(connection, options);
  }

  /** The agents that this key may start. */
  async agents(): Promise<Agents> {
    return AuthReplyV1.parse(await this.#ask(subjects.ask(this.options.tenant, 'auth'), { keyDigest: this.#digest }))
      .agents;
  }

  /**
   * IDEMPOTENCY_MISMATCH where the key stands for another request.
   * Resolves once the request is stored; from then on the run happens, whatever becomes of this process.
   */
  async run(options: RunOptions): Promise<RunHandle> {
    const { tenant } = this.options;
    const request = RunRequestV1.parse({
      ...options,
      keyDigest: this.#digest,
      requestId: newRequestId(),
      input: typeof options.input === 'string' ? [{ role: 'user', content: options.input }] : (options.input ?? []),
      stream: options.stream ?? false,
    });
    if (request.idempotencyKey) ReservationV1.parse(await this.#ask(subjects.ask(tenant, 'reserve'), request));
    await this.#store(subjects.in(tenant, 'run'), request);
    return this.open(runOfRequest(tenant, request).runId);
  }

  /** A handle on a run that was started before. */
  open(runId: string): RunHandle {
    const subject = subjects.ask(this.options.tenant, 'watch');
    return new RunHandle(runId, {
      connection: this.connection,
      inboxPrefix: tenantInbox(this.options.tenant),
      subject,
      body: { keyDigest: this.#digest, runId },
      status: () => this.status(runId),
    });
  }

  async status(runId: string): Promise<RunView> {
    const body = { keyDigest: this.#digest, runId };
    return RunViewV1.parse(await this.#ask(subjects.ask(this.options.tenant, 'status'), body));
  }

  async cancel(runId: string, reason = 'cancelled by the caller'): Promise<void> {
    const request = CancelRequestV1.parse({ keyDigest: this.#digest, requestId: newRequestId(), runId, reason });
    await this.#store(subjects.in(this.options.tenant, 'cancel'), request);
  }

  /**
   * Tells the run something: it goes to the first call that waits for that name, or is kept for one that will. Under one
   * `requestId` (`req_…`) it counts once, however often it is said.
   */
  async signal(runId: string, name: string, payload: unknown = null, requestId = newRequestId()): Promise<void> {
    const told = { keyDigest: this.#digest, requestId, runId, name, payload: JSON.stringify(payload) };
    await this.#store(subjects.in(this.options.tenant, 'signal'), SignalRequestV1.parse(told));
  }

  /** Nothing new is begun for the run until it is resumed; what is under way ends. */
  async pause(runId: string, reason = 'paused by the caller'): Promise<void> {
    const request = PauseRequestV1.parse({ keyDigest: this.#digest, requestId: newRequestId(), runId, reason });
    await this.#store(subjects.in(this.options.tenant, 'pause'), request);
  }

  async resume(runId: string, reason = 'resumed by the caller'): Promise<void> {
    const request = ResumeRequestV1.parse({ keyDigest: this.#digest, requestId: newRequestId(), runId, reason });
    await this.#store(subjects.in(this.options.tenant, 'resume'), request);
  }

  /** Approvals that are open and concern this key's user, oldest runs first; `next` of one page is `after` of the following. */
  async approvals(options: { runId?: string; after?: string; limit?: number } = {}): Promise<ApprovalsReplyV1> {
    const body = { ...options, keyDigest: this.#digest };
    return ApprovalsReplyV1.parse(await this.#ask(subjects.ask(this.options.tenant, 'approvals'), body));
  }

  /**
   * Approves a call, or not, and says how it stands then: more people may have to agree. With `arguments` it runs with
   * those, once policy lets it.
   */
  async decide(
    runId: string,
    questionId: string,
    choice: 'approve' | 'deny',
    changed?: Record<string, unknown>,
  ): Promise<AnsweredV1> {
    const answer = { keyDigest: this.#digest, requestId: newRequestId(), runId, questionId, choice };
    const body = ApproveRequestV1.parse(
      changed === undefined ? answer : { ...answer, arguments: JSON.stringify(changed) },
    );
    return AnsweredV1.parse(await this.#ask(subjects.ask(this.options.tenant, 'answer'), body));
  }

  /** Answers the question of a run that waits for a person. */
  async answer(runId: string, questionId: string, choice: QuestionChoice, result?: string): Promise<void> {
    const answer = { keyDigest: this.#digest, requestId: newRequestId(), runId, questionId, choice };
    await this.#store(
      subjects.in(this.options.tenant, 'approve'),
      ApproveRequestV1.parse(result === undefined ? answer : { ...answer, result }),
    );
  }

  async close(): Promise<void> {
    await this.connection.drain();
  }

  async #ask(subject: string, body: unknown): Promise<unknown> {
    try {
      const reply = await this.connection.request(subject, JSON.stringify(body), { timeout: this.#timeoutMs });
      return ClientError.check(reply);
    } catch (error) {
      throw ClientError.from(error);
    }
  }

  /** Sends again until the broker says it is stored; the request id makes that harmless. */
  async #store(subject: string, body: { requestId: string }): Promise<void> {
    const deadline = Date.now() + this.#timeoutMs;
    for (;;) {
      try {
        const reply = await this.connection.request(subject, JSON.stringify(body), {
          timeout: Math.min(2_000, this.#timeoutMs),
        });
        const ack = reply.json<{ seq?: number; error?: { description?: string } }>();
        if (typeof ack.seq === 'number') return;
        throw new ClientError('OVERLOADED', ack.error?.description ?? 'The mesh did not take the request.');
      } catch (error) {
        const known = ClientError.from(error);
        if (!known.retryable || Date.now() > deadline) throw known;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}

const tenantInbox = (tenant: string): string => inboxPrefix(`tenant_${tenant}`);

function newRequestId(): string {
  return requestIdFrom(Date.now(), randomBytes(10));
}
