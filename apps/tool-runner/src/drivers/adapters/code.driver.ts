import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@signalbox/app-runtime';
import type { ErrorCode, ToolDriver, ToolReceipt } from '@signalbox/contracts';
import { MeshError, Semaphore } from '@signalbox/kernel';
import { Sandbox, type SandboxRequest, type SandboxResult } from '@signalbox/sandbox';
import type { ToolRunnerConfig } from '../../config.js';
import { SandboxKeeper } from '../sandbox-keeper.js';
import { type DriverCall, type DriverResult, ToolDriverPort } from '../tool-driver.port.js';
import { type TimeLeft, timeLeft } from '../time-left.js';
import { toolFault } from '../tool-fault.js';

type CodeDriver = Extract<ToolDriver, { kind: 'code' }>;

const KILLED: Partial<Record<ToolReceipt['killCause'], { code: ErrorCode; why: string }>> = {
  wall: { code: 'TOOL_TIMEOUT', why: 'it ran longer than its wall time limit' },
  cpu: { code: 'TOOL_LIMIT', why: 'it used more processor time than it may' },
  memory: { code: 'TOOL_LIMIT', why: 'it used more memory than it may' },
  pids: { code: 'TOOL_LIMIT', why: 'it started more processes than it may' },
  output: { code: 'TOOL_OUTPUT_TOO_LARGE', why: 'it printed more than it may' },
  cancelled: { code: 'RUN_CANCELLED', why: 'the run was cancelled' },
};

const PAST_DEADLINE = 'the deadline of its call was over, before its wall time limit';

/** JavaScript and Python in the sandbox: the code is the argument `code`, `input` its standard input. */
@Injectable()
export class CodeToolDriver extends ToolDriverPort<CodeDriver> {
  override readonly kind = 'code';
  /** Calls beyond wait for their turn here: given back, they would come again no sooner. */
  readonly #turns: Semaphore;

  constructor(
    @Inject(Sandbox) private readonly sandbox: Sandbox,
    @Inject(SandboxKeeper) private readonly keeper: SandboxKeeper,
    @Inject(CONFIG) private readonly config: ToolRunnerConfig,
  ) {
    super();
    this.#turns = new Semaphore(config.sandboxesMax);
  }

  override async run(call: DriverCall<CodeDriver>, signal: AbortSignal): Promise<DriverResult> {
    const { code, input } = call.arguments;
    if (typeof code !== 'string')
      throw toolFault('TOOL_ARGUMENTS_INVALID', 'The argument `code` is missing or no text.');
    await this.keeper.settled(signal);
    const { language } = call.driver;
    const files = call.driver.files.map((name) => ({ name, hostPath: join(this.config.filesDir, name) }));
    return this.#run({ language, code, input: input ?? null, files }, call, signal);
  }

  async #run(
    request: Omit<SandboxRequest, 'limits'>,
    call: DriverCall<CodeDriver>,
    signal: AbortSignal,
  ): Promise<DriverResult> {
    try {
      return await this.#turns.run(async () => {
        // Only now: the turn may have been long in coming.
        const { limits, endedBy } = timeLeft(call);
        return this.#read(await this.sandbox.run({ ...request, limits }, signal), endedBy);
      });
    } catch (error) {
      const { code, message } = MeshError.from(error);
      if (code === 'SANDBOX_UNAVAILABLE') this.keeper.suspect();
      if (code === 'REQUEST_INVALID' || code === 'REQUEST_TOO_LARGE')
        throw toolFault('TOOL_ARGUMENTS_INVALID', message, undefined, error);
      throw error;
    }
  }

  #read(result: SandboxResult, endedBy: TimeLeft['endedBy']): DriverResult {
    const { receipt } = result;
    const killed = KILLED[receipt.killCause];
    if (killed) {
      const why = receipt.killCause === 'wall' && endedBy === 'deadline' ? PAST_DEADLINE : killed.why;
      throw toolFault(killed.code, `The code was stopped: ${why}.`, receipt);
    }
    if (result.exitCode !== 0) {
      const how =
        result.exitCode === null
          ? `died of signal ${result.signal ?? 'unknown'}`
          : `ended with exit code ${result.exitCode}`;
      throw toolFault('TOOL_FAILED', `The code ${how}: ${result.stderr.trim()}`, receipt);
    }
    return { result: result.stdout, truncated: false, receipt };
  }
}
