import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ToolDriver, ToolReceipt } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { Agent, request } from 'undici';
import { NOT_PUBLIC, publicOnlyLookup } from '../public-address.js';
import { type DriverCall, type DriverResult, ToolDriverPort } from '../tool-driver.port.js';
import { type TimeLeft, timeLeft } from '../time-left.js';
import { toolFault } from '../tool-fault.js';
import { readText, summaryOf } from './http-answer.js';
import { type HttpRequest, httpRequest } from './http-request.js';
import { OriginBreakers } from './origin-breakers.js';

type HttpDriver = Extract<ToolDriver, { kind: 'http' }>;
type Receipt = (killCause: ToolReceipt['killCause'], outputBytes: number) => ToolReceipt;

const CONNECT_TIMEOUT_MS = 5_000;
const MECHANISMS = ['host allowlist', 'public addresses only', 'no redirects', 'output bound'];
/** Every call has a time limit of its own; undici's are not needed and may be shorter. */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 };

type TimedCall = DriverCall<HttpDriver> & Pick<TimeLeft, 'endedBy'>;

/** HTTP requests to hosts on the tool's list. Redirects are answers, never followed; names that lead inside are refused. */
@Injectable()
export class HttpToolDriver extends ToolDriverPort<HttpDriver> implements OnApplicationShutdown {
  override readonly kind = 'http';
  readonly #public = new Agent({ connect: { lookup: publicOnlyLookup, timeout: CONNECT_TIMEOUT_MS }, ...NO_TIMEOUTS });
  /** For hosts that the list names by their very address or as localhost. */
  readonly #listed = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS }, ...NO_TIMEOUTS });
  /** Failures of connecting: the request itself was never sent. */
  readonly #unsent = new WeakSet<Error>();
  readonly #breakers = new OriginBreakers();

  constructor() {
    super();
    for (const agent of [this.#public, this.#listed]) {
      agent.on('connectionError', (_origin, _targets, error) => this.#unsent.add(error));
    }
  }

  override async run(call: DriverCall<HttpDriver>, signal: AbortSignal): Promise<DriverResult> {
    const wanted = httpRequest(call.driver, call.arguments, call.idempotencyKey);
    const { host, port } = wanted.host;
    const { limits, endedBy } = timeLeft(call);
    const breaker = this.#breakers.of(call.tenant, `${host}:${port}`);
    return breaker.run(() => this.#send({ ...call, limits, endedBy }, wanted, signal));
  }

  async #send(call: TimedCall, { url, host, ...options }: HttpRequest, signal: AbortSignal): Promise<DriverResult> {
    const { wallMs, outputBytesMax } = call.limits;
    const limit = AbortSignal.timeout(wallMs);
    const receipt = receiptFrom(call, host.host);
    try {
      const dispatcher = host.isIp || host.host === 'localhost' ? this.#listed : this.#public;
      const answer = await request(url, { ...options, dispatcher, signal: AbortSignal.any([signal, limit]) });
      const read = await readText(answer, outputBytesMax);
      if (read === null) {
        const why = `The server answered with status ${answer.statusCode} and more than ${outputBytesMax} bytes.`;
        throw toolFault('TOOL_OUTPUT_TOO_LARGE', why, receipt('output', outputBytesMax));
      }
      return { result: summaryOf(answer, read.text), truncated: false, receipt: receipt('none', read.bytes) };
    } catch (error) {
      if (error instanceof MeshError) throw error;
      if (codeOf(error) === NOT_PUBLIC) {
        throw toolFault('TOOL_DENIED', `The host ${host.host} has no public address.`, receipt('none', 0), error);
      }
      if (limit.aborted) {
        const within = call.endedBy === 'deadline' ? ', which were left until the deadline of the call' : '';
        const why = `The server did not answer within ${wallMs} ms${within}.`;
        throw this.#lost(call, 'TOOL_TIMEOUT', why, receipt('wall', 0), error);
      }
      if (signal.aborted) throw toolFault('RUN_CANCELLED', 'The call was stopped.', receipt('cancelled', 0), error);
      throw this.#lost(call, 'TOOL_FAILED', `The request failed: ${codeOf(error)}.`, receipt('none', 0), error);
    }
  }

  /** Once a request may have arrived, nobody knows what an unsafe one did. */
  #lost(
    call: TimedCall,
    code: 'TOOL_TIMEOUT' | 'TOOL_FAILED',
    why: string,
    receipt: ToolReceipt,
    error: unknown,
  ): MeshError {
    const unsent = error instanceof Error && this.#unsent.has(error);
    const endedBy = code === 'TOOL_TIMEOUT' ? { endedBy: call.endedBy } : {};
    return new MeshError(call.unsafe && !unsent ? 'TOOL_OUTCOME_UNKNOWN' : code, why, {
      details: { receipt, ...endedBy },
      cause: error,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.#breakers.stop();
    await Promise.all([this.#public.destroy(), this.#listed.destroy()]);
  }
}

function receiptFrom({ limits }: DriverCall, host: string): Receipt {
  const started = performance.now();
  return (killCause, outputBytes) => ({
    driver: 'http',
    mechanisms: MECHANISMS,
    limits,
    usage: {
      wallMs: Math.round(performance.now() - started),
      cpuMs: 'unmetered',
      memoryPeakBytes: 'unmetered',
      outputBytes,
    },
    killCause,
    egress: [host],
  });
}

function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const found = code ?? cause?.code;
  return typeof found === 'string' ? found : 'unknown';
}
