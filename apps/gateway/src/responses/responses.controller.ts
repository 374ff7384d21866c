import type { ServerResponse } from 'node:http';
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { LOGGER } from '@signalbox/app-runtime';
import { IdempotencyKey } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { callerOf } from '../mesh/bearer-key.js';
import type { Caller, RunView } from '../mesh/mesh.port.js';
import { responseObject } from './response-object.js';
import { readResponseRequest, responseIdOf, runIdOf } from './response-request.js';
import { ResponseStream } from './response-stream.js';
import { ResponsesService } from './responses.service.js';
import { SseWriter } from './sse-writer.js';

interface FastifyReplyLike {
  raw: ServerResponse;
  hijack(): void;
  header(name: string, value: string): FastifyReplyLike;
  send(body: unknown): unknown;
}

/** Says that nobody could check whether the idempotency key came with another request before. */
const UNCHECKED = 'sb-idempotency';
const BEAT_MS = 15_000;

/** OpenAI's Responses API over durable runs. */
@Controller('v1/responses')
export class ResponsesController {
  constructor(
    @Inject(ResponsesService) private readonly responses: ResponsesService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post()
  @HttpCode(200)
  async create(
    @Body() body: unknown,
    @Headers() headers: Record<string, string | undefined>,
    @Res() reply: FastifyReplyLike,
  ): Promise<void> {
    const gone = abortOnClose(reply.raw);
    const caller = callerOf(headers['authorization']);
    const wanted = readResponseRequest(body);
    const { checked, ...started } = await this.responses.start(
      caller,
      wanted,
      idempotencyKey(headers['idempotency-key']),
    );
    reply.header('x-request-id', started.runId);
    if (!checked) reply.header(UNCHECKED, 'unchecked');
    if (wanted.stream) {
      reply.hijack();
      if (!checked) reply.raw.setHeader(UNCHECKED, 'unchecked');
      await this.#stream(caller, started, reply.raw, gone);
    } else if (wanted.background) {
      reply.send(this.#answer(await this.responses.begun(caller, started)));
    } else {
      reply.send(this.#answer(await this.responses.outcome(caller, started, gone)));
    }
  }

  @Get(':id')
  async get(
    @Param('id') id: string,
    @Headers('authorization') authorization?: string,
  ): Promise<Record<string, unknown>> {
    return responseObject(await this.responses.status(callerOf(authorization), runIdOf(id)));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  async cancel(
    @Param('id') id: string,
    @Headers('authorization') authorization?: string,
  ): Promise<Record<string, unknown>> {
    const view = await this.responses.cancel(callerOf(authorization), runIdOf(id), AbortSignal.timeout(5_000));
    return responseObject(view);
  }

  /** A refused request is an error of the call; a run that failed is an answer with status `failed`. */
  #answer(view: RunView): Record<string, unknown> {
    if (view.status === 'refused' && view.error) throw MeshError.fromWire(view.error);
    return responseObject(view);
  }

  async #stream(caller: Caller, started: RunView, raw: ServerResponse, gone: AbortSignal): Promise<void> {
    raw.setHeader('x-request-id', started.runId);
    const sse = new SseWriter(raw);
    const stream = new ResponseStream(sse, started);
    const beat = setInterval(() => void sse.beat(), BEAT_MS);
    try {
      await stream.begin();
      for await (const event of this.responses.watch(caller, started.runId, gone)) await stream.take(event);
    } catch (error) {
      const { code, message } = MeshError.from(error);
      this.logger.warn({ err: error, runId: started.runId }, 'a stream broke off');
      await sse.send('error', {
        code,
        message: `${message} The run goes on: GET /v1/responses/${responseIdOf(started.runId)}`,
        param: null,
      });
    } finally {
      clearInterval(beat);
      sse.end();
    }
  }
}

function idempotencyKey(value: string | undefined): string | undefined {
  if (value === undefined || IdempotencyKey.safeParse(value).success) return value;
  throw new MeshError('REQUEST_INVALID', 'Idempotency-Key: 1–255 visible ASCII characters', {
    details: { fields: ['Idempotency-Key'] },
  });
}

/** Aborts when the caller closes the connection, from now on; the run itself goes on. */
function abortOnClose(raw: ServerResponse): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => controller.abort());
  return controller.signal;
}
