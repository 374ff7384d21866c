import type { InferWorkV1, JournalBody } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { PolicyStore } from '@signalbox/policy-engine';
import { type Found, TenantRulesets } from '@signalbox/privacy';
import { deadline } from '@signalbox/resilience';
import type { Logger } from '@signalbox/telemetry';
import type { ProviderAnswer, ProviderMessage } from '../providers/provider.port.js';
import type { ProvidersService, ProviderTry } from '../providers/providers.service.js';
import { CallText } from './call-text.js';
import type { CallsPort } from './calls.port.js';
import { Cancellations } from './cancellations.js';
import { DeltaWriter } from './delta-writer.js';
import { costNanoUsd, usageOf } from './usage.js';

export interface CallsDependencies {
  port: CallsPort;
  providers: ProvidersService;
  policies: PolicyStore;
  tenantKey: (tenant: string) => Uint8Array;
  /** For models that do not name theirs. */
  upstreamDefault: string;
  logger: Logger;
}

/** What policy says of asking the model at all; empty: no policy is about that. */
type Access = Pick<JournalBody<'model.completed.v1'>, 'decision'>;

const NOT_ANSWERED = 'The model did not answer before the deadline of the call.';

/** As much of a delivery as a call needs. */
export interface Delivered {
  deliveries: number;
  signal: AbortSignal;
}

/** Makes model calls: whatever the outcome, one fact in the journal; or the work is given back. */
export class CallsService {
  readonly #cancellations = new Cancellations();
  readonly #rulesets = new TenantRulesets();

  constructor(private readonly on: CallsDependencies) {}

  /** Aborts what runs here for the run. */
  cancel(runId: string): void {
    this.#cancellations.cancel(runId);
  }

  /** Throws only what another worker, later, may do better: the bus or the policy is missing, or this service stops. */
  async handle(work: InferWorkV1, delivered: Delivered): Promise<void> {
    using running = this.#cancellations.enter(work.runId, delivered.signal);
    if (await this.on.port.isSettled(work, delivered.deliveries)) return;
    const tries: ProviderTry[] = [];
    let decision: Access = {};
    try {
      decision = this.#authorise(work);
      if (decision.decision?.outcome === 'deny') throw new MeshError('AGENT_DENIED', decision.decision.reason);
      await this.#call(work, tries, { signal: running.signal, decision });
    } catch (thrown) {
      const error = MeshError.from(running.signal.aborted ? running.signal.reason : thrown);
      if (isForLater(error)) throw error;
      if (error.kind === 'bug')
        this.on.logger.error({ err: thrown, runId: work.runId }, 'a model call failed by a fault of ours');
      const { step, attempt } = work;
      await this.on.port.failed(work, {
        step,
        attempt,
        error: wireOf(error),
        tries,
        ...decision,
        failedAt: Date.now(),
      });
    }
  }

  /** The router decided from its bundle; this decides again from its own. Anything unclear is a denial. */
  #authorise(work: InferWorkV1): Access {
    const policy = this.on.policies.forTenant(work.tenant);
    policy.assertRunning(work.agent);
    // A fork may have another model than its agent, if the agent allows it; whatever the work says, no other.
    const { model } = policy.resolve(work.agent, { model: work.model.id });
    if (model.provider !== work.model.provider) {
      throw new MeshError(
        'AGENT_DENIED',
        `The policy in force does not give agent ${work.agent} the model ${work.model.id} of ${work.model.provider}.`,
      );
    }
    // By its own bundle and by what the work says: a router that chose wrongly is not enough to let data out.
    const { governance } = policy;
    governance.placed(work.agent, [model], governance.regionsOf(work.agent, work.regions));
    const { agent, userId = '' } = work;
    const user = { userId, roles: policy.rolesOf(userId, Date.now()) };
    const decision = policy.access.decide({ action: 'infer', agent, model, user });
    return decision === null ? {} : { decision };
  }

  async #call(
    work: InferWorkV1,
    tries: ProviderTry[],
    { signal, decision }: { signal: AbortSignal; decision: Access },
  ): Promise<void> {
    const ruleset = this.#rulesets.forGate(this.on.policies.forTenant(work.tenant).redaction, 'model');
    const text = new CallText(work, ruleset, this.on.tenantKey(work.tenant));
    const messages = text.messages();
    const upstream = work.model.upstream ?? this.on.upstreamDefault;
    const answer = await this.#ask(work, { text, messages, upstream, tries }, signal);
    const { found, ...clean } = text.clean(answer);
    // First the values, then the text that stands for them: no token without its value.
    await this.on.port.deposit(work, found, signal);
    const usage = usageOf(answer, messages);
    await this.on.port.completed(work, {
      step: work.step,
      attempt: work.attempt,
      ...clean,
      finish: answer.finish,
      usage,
      costNanoUsd: costNanoUsd(usage, work.model),
      provider: work.model.provider,
      upstream,
      simulated: answer.simulated,
      tries,
      ...decision,
      completedAt: Date.now(),
    });
  }

  async #ask(
    work: InferWorkV1,
    {
      text,
      messages,
      upstream,
      tries,
    }: { text: CallText; messages: ProviderMessage[]; upstream: string; tries: ProviderTry[] },
    outer: AbortSignal,
  ): Promise<ProviderAnswer> {
    const timeoutMs = Math.min(work.model.timeoutMs, work.deadlineAt - Date.now());
    using late = deadline({
      timeoutMs,
      signal: outer,
      reason: () => new MeshError('PROVIDER_TIMEOUT', NOT_ANSWERED, { details: { timeoutMs } }),
    });
    const { signal } = late;
    if (signal.aborted) throw signal.reason;
    let deltas: DeltaWriter | undefined;
    const call = {
      upstream,
      messages,
      tools: work.tools,
      outputTokensMax: work.outputTokensMax,
      callRef: `${work.runId}:${work.step}:${work.attempt}`,
      signal,
      ...(work.stream ? { onText: (piece: string) => deltas?.push(piece) } : {}),
    };
    try {
      const answer = await this.on.providers.complete(work.model.provider, call, {
        tries,
        // What a broken try said and nobody has heard is dropped now, before its timer sends it.
        mayRetry: () => {
          deltas?.stop();
          return !deltas?.published;
        },
        onTry: () => {
          deltas?.stop();
          deltas = work.stream ? this.#deltas(work, text, signal) : undefined;
        },
      });
      await deltas?.end();
      return answer;
    } finally {
      deltas?.stop();
    }
  }

  /** Values that a delta stands for are in the vault before it is sent. */
  #deltas(work: InferWorkV1, text: CallText, signal: AbortSignal): DeltaWriter {
    const stream = text.stream();
    let deposited = 0;
    return new DeltaWriter({
      stream,
      publish: async (index, piece) => {
        const fresh: Found[] = stream.found().slice(deposited);
        await this.on.port.deposit(work, fresh, signal);
        deposited += fresh.length;
        await this.on.port.delta(work, { index, text: piece });
      },
      onFault: (fault) =>
        this.on.logger.warn(
          { code: fault.code, runId: work.runId, step: work.step },
          'an answer is no longer streamed',
        ),
    });
  }
}

/** Not an outcome of the call: somebody else can still make it. */
const LATER = new Set(['BUS_UNAVAILABLE', 'BUS_TIMEOUT', 'BUNDLE_MISSING', 'SHUTTING_DOWN', 'OVERLOADED']);

function isForLater(error: MeshError): boolean {
  return LATER.has(error.code);
}

/** The text of a fault of ours may quote anything, so only its code goes into a journal. */
function wireOf(error: MeshError): ReturnType<MeshError['toWire']> {
  return error.kind === 'bug'
    ? { code: error.code, message: 'Something went wrong inside Signalbox.' }
    : error.toWire();
}
