import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { ToolDriver, ToolReceipt } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { hostMatches, parseHostPattern, urlHost, type UrlHost } from '@signalbox/policy-engine';
import { Breaker } from '@signalbox/resilience';
import { Agent, type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { publicOnlyLookup } from '../public-address.js';
import { type DriverCall, type DriverResult, ToolDriverPort } from '../tool-driver.port.js';
import { toolFault } from '../tool-fault.js';

type HttpDriver = Extract<ToolDriver, { kind: 'http' }>;

const HttpArguments = z.object({
  url: z.string().max(8_192),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), z.string().max(4_096)).default({}),
  body: z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]).optional(),
});

/** The connection's own headers are not the caller's to set. */
const RESERVED = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'te', 'upgrade', 'idempotency-key']);
const BREAKERS_MAX = 256;
const MECHANISMS = ['host allowlist', 'public addresses only', 'no redirects', 'output bound'];

/** HTTP requests to hosts on the tool's list. Redirects are answers, never followed; names that lead inside are refused. */
@Injectable()
export class HttpToolDriver extends ToolDriverPort<HttpDriver> implements OnModuleDestroy {
  override readonly kind = 'http';
  readonly #public = new Agent({ connect: { lookup: publicOnlyLookup, timeout: 5_000 }, maxResponseSize: -1 });
  /** For hosts that the list names by their very address or as localhost. */
  readonly #listed = new Agent({ connect: { timeout: 5_000 } });
  readonly #breakers = new Map<string, Breaker>();

  override async run(call: DriverCall<HttpDriver>, signal: AbortSignal): Promise<DriverResult> {
    const parsed = HttpArguments.safeParse(call.arguments);
    if (!parsed.success) throw toolFault('TOOL_ARGUMENTS_INVALID', `The arguments are wrong: ${z.prettifyError(parsed.error)}`);
    const { url, method } = parsed.data;
    const host = urlHost(url);
    if (!call.driver.methods.includes(method)) throw toolFault('TOOL_DENIED', `The tool does not do ${method}.`);
    if (!host || !isListed(call.driver.hosts, host)) {
      throw toolFault('TOOL_DENIED', `The host ${host?.host ?? '(none)'} is not on the list of this tool.`);
    }
    const started = performance.now();
    const work = (): Promise<DriverResult> => this.#send(call, parsed.data, host, signal, started);
    return this.#breaker(`${host.host}:${host.port}`).run(work);
  }

  async #send(
    call: DriverCall<HttpDriver>,
    { url, method, headers, body }: z.infer<typeof HttpArguments>,
    host: UrlHost,
    signal: AbortSignal,
    started: number,
  ): Promise<DriverResult> {
    const limit = AbortSignal.timeout(call.limits.wallMs);
    const receipt = (killCause: ToolReceipt['killCause'], outputBytes: number): ToolReceipt => ({
      driver: 'http',
      mechanisms: MECHANISMS,
      limits: call.limits,
      usage: { wallMs: Math.round(performance.now() - started), cpuMs: 'unmetered', memoryPeakBytes: 'unmetered', outputBytes },
      killCause,
      egress: [host.host],
    });
    try {
      const response = await request(url, {
        method,
        headers: { ...allowed(headers), ...(method === 'GET' ? {} : { 'idempotency-key': call.idempotencyKey }) },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        dispatcher: host.isIp || host.host === 'localhost' ? this.#listed : this.#public,
        signal: AbortSignal.any([signal, limit]),
      });
      const { text, bytes } = await readBounded(response.body, call.limits.outputBytesMax, (size) => receipt('output', size));
      const summary = { status: response.statusCode, contentType: response.headers['content-type'] ?? null, body: text };
      return { result: JSON.stringify(summary), truncated: false, receipt: receipt('none', bytes) };
    } catch (error) {
      if (error instanceof MeshError) throw error;
      if (limit.aborted) throw this.#lost(call, 'TOOL_TIMEOUT', 'The server did not answer within the time limit.', receipt('wall', 0), error);
      if (signal.aborted) throw toolFault('RUN_CANCELLED', 'The call was stopped.', receipt('cancelled', 0), error);
      throw this.#lost(call, 'TOOL_FAILED', `The request failed: ${codeOf(error)}.`, receipt('none', 0), error);
    }
  }

  /** Once a request may have arrived, nobody knows what an unsafe one did; only a refused connection is sure. */
  #lost(call: DriverCall, code: 'TOOL_TIMEOUT' | 'TOOL_FAILED', why: string, receipt: ToolReceipt, error: unknown): MeshError {
    const neverArrived = ['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT', 'EADDRNOTPUBLIC'].includes(codeOf(error));
    return toolFault(call.unsafe && !neverArrived ? 'TOOL_OUTCOME_UNKNOWN' : code, why, receipt, error);
  }

  #breaker(origin: string): Breaker {
    const known = this.#breakers.get(origin);
    if (known) return known;
    const oldest = this.#breakers.keys().next().value;
    if (this.#breakers.size >= BREAKERS_MAX && oldest !== undefined) {
      this.#breakers.get(oldest)?.stop();
      this.#breakers.delete(oldest);
    }
    const breaker = new Breaker({
      name: `tool ${origin}`,
      windowMs: 30_000,
      volumeMin: 10,
      errorPercent: 50,
      resetMs: 10_000,
      verdict: (error) => (['TOOL_TIMEOUT', 'TOOL_FAILED', 'TOOL_OUTCOME_UNKNOWN'].includes(MeshError.from(error).code) ? 'failure' : 'unknown'),
      refusal: () => toolFault('TOOL_FAILED', `${origin} failed too often; it is left alone for some seconds.`),
    });
    this.#breakers.set(origin, breaker);
    return breaker;
  }

  async onModuleDestroy(): Promise<void> {
    for (const breaker of this.#breakers.values()) breaker.stop();
    await Promise.all([this.#public.destroy(), this.#listed.destroy()]);
  }
}

function isListed(hosts: readonly string[], host: UrlHost): boolean {
  return hosts.some((text) => {
    const pattern = parseHostPattern(text);
    return pattern !== null && hostMatches(pattern, host);
  });
}

function allowed(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !RESERVED.has(name.toLowerCase())));
}

async function readBounded(
  body: Dispatcher.ResponseData['body'],
  bytesMax: number,
  receipt: (bytes: number) => ToolReceipt,
): Promise<{ text: string; bytes: number }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      body.destroy();
      throw toolFault('TOOL_OUTPUT_TOO_LARGE', `The answer is larger than ${bytesMax} bytes.`, receipt(bytes));
    }
    chunks.push(chunk);
  }
  return { text: Buffer.concat(chunks).toString('utf8'), bytes };
}

function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  return String(code ?? cause?.code ?? 'unknown');
}
