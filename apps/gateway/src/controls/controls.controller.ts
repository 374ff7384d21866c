import { Body, Controller, Headers, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { type ChannelBody, QuestionChoice, SIGNAL_CHARS_MAX, Token } from '@signalbox/contracts';
import { MeshError, newRequestId, validate } from '@signalbox/kernel';
import { z } from 'zod';
import { callerOf } from '../mesh/bearer-key.js';
import { type ControlChannel, MeshPort } from '../mesh/mesh.port.js';
import { responseObject } from '../responses/response-object.js';
import { runIdOf } from '../responses/response-request.js';

const Answer = z.strictObject({
  question: Token,
  choice: QuestionChoice,
  /** With the choice `result`. */
  result: z.string().max(65_536).optional(),
  /** With the choice `approve`: the arguments to run in place of those that were shown. */
  arguments: z.record(z.string(), z.json()).optional(),
});
const Signal = z.strictObject({ name: Token, payload: z.json().default(null) });
const Reason = z.strictObject({ reason: z.string().max(500).default('asked for at the edge') });

type Answered = Promise<Record<string, unknown>>;

/**
 * What can be said to a response that is being made. 202: it is stored and will be looked at; what becomes of it stands in
 * the response.
 */
@Controller('v1/responses')
export class ControlsController {
  constructor(@Inject(MeshPort) private readonly mesh: MeshPort) {}

  @Post(':id/answer')
  @HttpCode(202)
  answer(@Param('id') id: string, @Body() body: unknown, @Headers('authorization') key?: string): Answered {
    const { question, choice, result, arguments: edited } = validate(Answer, body);
    return this.#tell(id, key, 'inApprove', {
      questionId: question,
      choice,
      ...(result === undefined ? {} : { result }),
      ...(edited === undefined ? {} : { arguments: JSON.stringify(edited) }),
    });
  }

  @Post(':id/signal')
  @HttpCode(202)
  signal(@Param('id') id: string, @Body() body: unknown, @Headers('authorization') key?: string): Answered {
    const { name, payload } = validate(Signal, body);
    const text = JSON.stringify(payload);
    if (text.length > SIGNAL_CHARS_MAX)
      throw new MeshError('REQUEST_TOO_LARGE', `payload: at most ${SIGNAL_CHARS_MAX} characters of JSON`);
    return this.#tell(id, key, 'inSignal', { name, payload: text });
  }

  @Post(':id/pause')
  @HttpCode(202)
  pause(@Param('id') id: string, @Body() body: unknown, @Headers('authorization') key?: string): Answered {
    return this.#tell(id, key, 'inPause', validate(Reason, body ?? {}));
  }

  @Post(':id/resume')
  @HttpCode(202)
  resume(@Param('id') id: string, @Body() body: unknown, @Headers('authorization') key?: string): Answered {
    return this.#tell(id, key, 'inResume', validate(Reason, body ?? {}));
  }

  /** A run that this key cannot see is unknown before anything is stored. */
  async #tell<K extends ControlChannel>(
    responseId: string,
    key: string | undefined,
    channel: K,
    said: Omit<ChannelBody<K>, 'keyDigest' | 'requestId' | 'runId'>,
  ): Answered {
    const caller = callerOf(key);
    const runId = runIdOf(responseId);
    const view = await this.mesh.runStatus(caller, runId);
    const request = { ...said, keyDigest: caller.keyDigest, requestId: newRequestId(), runId } as ChannelBody<K>;
    await this.mesh.tellRun(caller, channel, request);
    return responseObject(view);
  }
}
