import { Inject, Injectable } from '@nestjs/common';
import { LOGGER } from '@signalbox/app-runtime';
import { type DecisionRecord, ToolReceipt, type ToolLimits, type ToolManifest, type ToolWorkV1 } from '@signalbox/contracts';
import { MeshError, newId, sha256Hex } from '@signalbox/kernel';
import { PolicyStore } from '@signalbox/policy-engine';
import type { Logger } from '@signalbox/telemetry';
import { CleaningService } from '../cleaning/cleaning.service.js';
import { DriversService } from '../drivers/drivers.service.js';
import type { DriverResult } from '../drivers/tool-driver.port.js';
import { CallJournalPort } from './call-journal.port.js';
import { Cancellations } from './cancellations.js';

/** Makes one tool call: decides again, claims what must not run twice, runs it, cleans and reports the result. */
@Injectable()
export class CallsService {
  readonly #worker = newId('wrk');

  constructor(
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(DriversService) private readonly drivers: DriversService,
    @Inject(CleaningService) private readonly cleaning: CleaningService,
    @Inject(CallJournalPort) private readonly journal: CallJournalPort,
    @Inject(Cancellations) private readonly cancellations: Cancellations,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Returning means reported, or nobody's business any more. Throwing gives the work back. */
  async run(work: ToolWorkV1, outer: AbortSignal): Promise<void> {
    const running = this.cancellations.begin(work.runId, outer);
    try {
      const { tool, decision, args } = this.#decide(work);
      if (!tool) return await this.#fail(work, new MeshError('TOOL_DENIED', decision.reason), decision);
      if (Date.now() >= work.deadlineAt) return await this.#fail(work, new MeshError('TOOL_TIMEOUT', 'The call waited past its deadline.'));
      const unsafe = tool.effect === 'unsafe' || work.effect === 'unsafe';
      if (unsafe && !(await this.#claim(work))) {
        return this.logger.info({ runId: work.runId, callId: work.callId }, 'a call was not begun: the journal moved on');
      }
      await this.#execute(work, tool, args, running.signal, unsafe);
    } catch (error) {
      if (running.cancelled()) return;
      throw error;
    } finally {
      running.done();
    }
  }

  /** The decision at the place of execution, on exactly these arguments. No bundle in force: given back, and denied. */
  #decide(work: ToolWorkV1): { tool: ToolManifest | undefined; decision: DecisionRecord; args: Record<string, unknown> } {
    const policy = this.policies.forTenant(work.tenant);
    const args = JSON.parse(work.arguments) as Record<string, unknown>;
    const decision = policy.authorize({ agent: work.agent, tool: work.tool, arguments: args, userId: work.userId });
    const intact = sha256Hex(work.arguments) === work.argumentsHash;
    if (!intact) return { tool: undefined, decision: { ...decision, outcome: 'deny', kind: 'invalid', reason: 'The arguments are not those that were decided on.' }, args };
    if (decision.outcome !== 'permit') return { tool: undefined, decision, args };
    return { tool: policy.resolve(work.agent).tools.find(({ name }) => name === work.tool), decision, args };
  }

  #claim(work: ToolWorkV1): Promise<boolean> {
    const { callId, attempt, argumentsHash } = work;
    return this.journal.claim(work, { callId, attempt, argumentsHash, worker: this.#worker, beganAt: Date.now() });
  }

  async #execute(work: ToolWorkV1, tool: ToolManifest, args: Record<string, unknown>, signal: AbortSignal, unsafe: boolean): Promise<void> {
    let result: DriverResult;
    try {
      const limits = smaller(work.limits, tool.limits);
      result = await this.drivers.run({ ...tool, effect: unsafe ? 'unsafe' : tool.effect }, { arguments: args, limits, idempotencyKey: work.idempotencyKey }, signal);
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.code !== 'RUN_CANCELLED' && fault.code !== 'OVERLOADED') return this.#fail(work, fault);
      // Stopped from outside: what is safe to repeat is given back, for the rest a person is asked.
      if (!unsafe) throw new MeshError('SHUTTING_DOWN', fault.message, { cause: fault });
      return this.#fail(work, new MeshError('TOOL_OUTCOME_UNKNOWN', fault.message));
    }
    await this.#complete(work, result);
  }

  async #complete(work: ToolWorkV1, { result, truncated, receipt }: DriverResult): Promise<void> {
    const { callId, attempt } = work;
    let clean: Awaited<ReturnType<CleaningService['clean']>>;
    try {
      clean = await this.cleaning.clean(work.tenant, result);
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.retry === 'backoff' && work.effect !== 'unsafe') throw fault;
      return this.#fail(work, new MeshError(fault.retry === 'backoff' ? 'TOOL_OUTCOME_UNKNOWN' : fault.code, fault.message, { details: { receipt } }));
    }
    const { text, redactions } = clean;
    await this.journal.completed(work, { callId, attempt, result: text, truncated, redactions, receipt, completedAt: Date.now() });
  }

  /** Error texts come from tools: they are cleaned like results. */
  async #fail(work: ToolWorkV1, fault: MeshError, decision?: DecisionRecord): Promise<void> {
    const { callId, attempt } = work;
    const receipt = ToolReceipt.safeParse(fault.details['receipt']);
    const { text } = await this.cleaning.clean(work.tenant, fault.message.slice(0, 2_000)).catch(() => ({ text: 'The tool failed; its message could not be cleaned.' }));
    await this.journal.failed(work, {
      callId,
      attempt,
      error: { code: fault.code, message: text.slice(0, 2_000) },
      ...(decision ? { decision } : {}),
      ...(receipt.success ? { receipt: receipt.data } : {}),
      failedAt: Date.now(),
    });
  }
}

/** Limits only ever narrow between the decision and the execution. */
function smaller(a: ToolLimits, b: ToolLimits): ToolLimits {
  return Object.fromEntries(Object.entries(a).map(([name, value]) => [name, Math.min(value, b[name as keyof ToolLimits])])) as ToolLimits;
}
