import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import {
  type DecisionRecord,
  type JournalBody,
  type ToolLimits,
  type ToolManifest,
  ToolReceipt,
  type ToolWorkV1,
} from '@signalbox/contracts';
import { MeshError, newId } from '@signalbox/kernel';
import { suspicionOf } from '@signalbox/privacy';
import type { Logger } from '@signalbox/telemetry';
import { CleaningService, type CleanText } from '../cleaning/cleaning.service.js';
import type { ToolRunnerConfig } from '../config.js';
import { DriversService } from '../drivers/drivers.service.js';
import type { DriverResult } from '../drivers/tool-driver.port.js';
import { type GivenArguments, RevealsService } from '../reveals/reveals.service.js';
import { CallJournalPort } from './call-journal.port.js';
import { Cancellations, type RunningCall } from './cancellations.js';
import { Results } from './results.js';
import { RulingsService } from './rulings.service.js';
import { shortened } from './shortened.js';

/** How long the result of a call that must not run twice waits for a vault that is away, ms. */
const DEPOSIT_PATIENCE_MS = 30_000;

export interface CallDelivery {
  /** Aborts when the work is taken back from this process. */
  signal: AbortSignal;
  /** The work will not come again. */
  last: boolean;
  /** It came before: some of its calls may be answered. */
  again: boolean;
}

/** A piece of work while it is carried out. */
interface Making {
  running: RunningCall;
  results: Results;
  last: boolean;
  /** No call follows this one. */
  isFinal: boolean;
}

/** Makes the calls of a piece of work: decides again, claims what must not run twice, runs it, cleans and reports the result. */
@Injectable()
export class CallsService {
  readonly #worker = newId('wrk');
  #claims = 0;

  constructor(
    @Inject(RulingsService) private readonly rulings: RulingsService,
    @Inject(DriversService) private readonly drivers: DriversService,
    @Inject(CleaningService) private readonly cleaning: CleaningService,
    @Inject(RevealsService) private readonly reveals: RevealsService,
    @Inject(CallJournalPort) private readonly journal: CallJournalPort,
    @Inject(Cancellations) private readonly cancellations: Cancellations,
    @Inject(CONFIG) private readonly config: Pick<ToolRunnerConfig, 'compactEntries'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Returning means reported, or nobody's business any more. Throwing gives the work back. */
  async run(work: ToolWorkV1, { signal, last, again }: CallDelivery): Promise<void> {
    const running = this.cancellations.begin(work.runId, signal);
    const results = new Results(this.journal, work, this.config.compactEntries);
    try {
      const all = callsOf(work);
      const looks = running.wasTold || (again && all.length > 1);
      const calls = looks ? await this.journal.unanswered(all) : all;
      for (const call of calls)
        if (!(await this.#make(call, { running, results, last, isFinal: call === calls.at(-1) }))) break;
      await results.write();
    } finally {
      running.done();
    }
  }

  /** Whether the call has a result: only then the next one may follow. */
  async #make(work: ToolWorkV1, making: Making): Promise<boolean> {
    const { running, last } = making;
    try {
      return await this.#call(work, making);
    } catch (error) {
      if (running.cancelled()) return false;
      const fault = MeshError.from(error);
      if (fault.retry === 'backoff' && !last) throw fault;
      this.logger.error({ err: fault, runId: work.runId, callId: work.callId }, 'a call is given up');
      const told =
        fault.kind === 'bug' ? new MeshError(fault.code, 'The tool runner failed.', { cause: fault }) : fault;
      return this.#refuse(work, told, making);
    }
  }

  async #call(work: ToolWorkV1, making: Making): Promise<boolean> {
    // What has an effect follows what the journal has, and nothing else.
    if (work.effect !== 'pure') await making.results.write();
    if (making.running.signal.aborted) throw new MeshError('SHUTTING_DOWN', 'The call was stopped before it began.');
    const { decision, permitted } = await this.rulings.of(work);
    if (!permitted) return this.#refuse(work, new MeshError(codeOf(decision), decision.reason), making, decision);
    if (Date.now() >= work.deadlineAt) {
      return this.#refuse(work, new MeshError('TOOL_TIMEOUT', 'The call waited past its deadline.'), making);
    }
    // Before the claim: nothing has begun yet while the guard is asked.
    const given = await this.reveals.give(work, permitted.tool, permitted.args);
    if (work.effect === 'unsafe' && !(await this.#claim(work))) return this.#leave(work);
    return this.#execute(work, permitted.tool, given, making);
  }

  /** No two claims are the same bytes: who gets no acknowledgement looks whether its own was stored. */
  #claim(work: ToolWorkV1): Promise<boolean> {
    const { callId, attempt, argumentsHash } = work;
    const worker = `${this.#worker}-${++this.#claims}`;
    return this.journal.claim(work, { callId, attempt, argumentsHash, worker, beganAt: Date.now() });
  }

  async #execute(work: ToolWorkV1, tool: ToolManifest, given: GivenArguments, making: Making): Promise<boolean> {
    let result: DriverResult;
    try {
      const { tenant, idempotencyKey, deadlineAt } = work;
      const limits = smaller(work.limits, tool.limits);
      result = await this.drivers.run(
        tool,
        { tenant, arguments: given.arguments, limits, deadlineAt, idempotencyKey },
        making.running.signal,
      );
    } catch (error) {
      const fault = MeshError.from(error);
      const stopped = fault.code === 'RUN_CANCELLED';
      if (work.effect === 'unsafe') {
        const { message, details } = fault;
        return this.#fail(
          work,
          stopped ? new MeshError('TOOL_OUTCOME_UNKNOWN', message, { details, cause: fault }) : fault,
          given,
          making,
        );
      }
      // Stopped from outside, or no room: what is safe to repeat is given back.
      if (stopped) throw new MeshError('SHUTTING_DOWN', fault.message, { cause: fault });
      if (fault.code === 'OVERLOADED') throw fault;
      return this.#fail(work, fault, given, making);
    }
    return this.#complete(work, result, given, making);
  }

  async #complete(
    work: ToolWorkV1,
    { result, truncated, receipt }: DriverResult,
    given: GivenArguments,
    making: Making,
  ): Promise<boolean> {
    const { callId, attempt } = work;
    const unsafe = work.effect === 'unsafe';
    let clean: CleanText;
    try {
      clean = await this.cleaning.clean(work, result, {
        patienceMs: unsafe ? DEPOSIT_PATIENCE_MS : 0,
        known: given.known,
      });
    } catch (error) {
      const fault = MeshError.from(error);
      if (fault.retry === 'backoff' && !unsafe) throw fault;
      const code = fault.retry === 'backoff' ? 'TOOL_OUTCOME_UNKNOWN' : fault.code;
      return this.#fail(
        work,
        new MeshError(code, `The tool ran; its result cannot be taken in: ${fault.message}`, { details: { receipt } }),
        given,
        making,
      );
    }
    const { text, ...cleaned } = clean;
    const suspicion = suspicionOf(result);
    const fact: JournalBody<'tool.completed.v1'> = {
      callId,
      attempt,
      result: text,
      truncated,
      ...(suspicion === undefined ? {} : { suspicion }),
      ...cleaned,
      ...revealedOf(given),
      receipt,
      completedAt: Date.now(),
    };
    await making.results.add(fact, { mayWait: work.effect === 'pure' && !making.isFinal });
    return true;
  }

  /** Of a call that this process began, where that makes a difference. */
  async #fail(work: ToolWorkV1, fault: MeshError, given: GivenArguments, { results }: Making): Promise<false> {
    await results.write();
    await this.journal.failed(work, await this.#failure(work, fault, given));
    return false;
  }

  async #refuse(work: ToolWorkV1, fault: MeshError, { results }: Making, decision?: DecisionRecord): Promise<false> {
    await results.write();
    const fact = await this.#failure(work, fault);
    if (!(await this.journal.refused(work, decision ? { ...fact, decision } : fact))) this.#leave(work);
    return false;
  }

  /** Error texts come from tools: they are cleaned like results, and whole, since half a value is not recognised. */
  async #failure(work: ToolWorkV1, fault: MeshError, given?: GivenArguments): Promise<JournalBody<'tool.failed.v1'>> {
    const { callId, attempt } = work;
    const receipt = ToolReceipt.safeParse(fault.details['receipt']);
    const { text } = await this.cleaning
      .clean(work, fault.message, { known: given?.known ?? [] })
      .catch(() => ({ text: 'The tool failed; its message could not be cleaned.' }));
    return {
      callId,
      attempt,
      error: { code: fault.code, message: shortened(text) },
      ...(receipt.success ? { receipt: receipt.data } : {}),
      ...revealedOf(given),
      failedAt: Date.now(),
    };
  }

  #leave({ runId, callId }: ToolWorkV1): false {
    this.logger.info({ runId, callId }, 'a call was not begun: the journal moved on');
    return false;
  }
}

/** As the journal has it: absent where the tool was given nothing real. */
function revealedOf(given: GivenArguments | undefined): Pick<JournalBody<'tool.completed.v1'>, 'revealed'> {
  return given && given.revealed.length > 0 ? { revealed: given.revealed } : {};
}

/** Each call of the work as work of its own, in the order in which they are made. */
function callsOf({ next = [], ...first }: ToolWorkV1): ToolWorkV1[] {
  return [first, ...next.map((call) => ({ ...first, ...call }))];
}

/** A rule that asks for approval, and none was given; the kill switch; or no permit. */
function codeOf({ kind }: DecisionRecord): 'APPROVAL_DENIED' | 'AGENT_HALTED' | 'REGION_DENIED' | 'TOOL_DENIED' {
  if (kind === 'residency') return 'REGION_DENIED';
  if (kind === 'approve') return 'APPROVAL_DENIED';
  return kind === 'halt' ? 'AGENT_HALTED' : 'TOOL_DENIED';
}

/** Limits only ever narrow between the decision and the execution. */
function smaller(a: ToolLimits, b: ToolLimits): ToolLimits {
  return Object.fromEntries(
    Object.entries(a).map(([name, value]) => [name, Math.min(value, b[name as keyof ToolLimits])]),
  ) as ToolLimits;
}
