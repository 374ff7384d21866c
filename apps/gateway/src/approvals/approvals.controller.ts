import { Body, Controller, Get, Headers, Inject, Param, Post, Query } from '@nestjs/common';
import {
  type AnsweredV1,
  APPROVALS_LISTED_MAX,
  type ApprovalsReplyV1,
  QuestionChoice,
  RunId,
  Token,
} from '@signalbox/contracts';
import { newRequestId, validate } from '@signalbox/kernel';
import { z } from 'zod';
import { callerOf } from '../mesh/bearer-key.js';
import { MeshPort } from '../mesh/mesh.port.js';

const Listing = z.strictObject({
  run: RunId.optional(),
  after: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(APPROVALS_LISTED_MAX).optional(),
});
const Answer = z.strictObject({
  choice: QuestionChoice.extract(['approve', 'deny']),
  /** The arguments to run in place of those that were shown. */
  arguments: z.record(z.string(), z.json()).optional(),
});
const Path = z.object({ run: RunId, question: Token });

/** Approvals over all runs. Unlike an answer to a response, what is said here is decided on before it is answered. */
@Controller('v1/approvals')
export class ApprovalsController {
  constructor(@Inject(MeshPort) private readonly mesh: MeshPort) {}

  @Get()
  list(@Query() query: unknown, @Headers('authorization') key?: string): Promise<ApprovalsReplyV1> {
    const { run, after, limit } = validate(Listing, query);
    return this.mesh.approvals(callerOf(key), {
      ...(run === undefined ? {} : { runId: run }),
      ...(after === undefined ? {} : { after }),
      ...(limit === undefined ? {} : { limit }),
    });
  }

  @Post(':run/:question')
  answer(@Param() path: unknown, @Body() body: unknown, @Headers('authorization') key?: string): Promise<AnsweredV1> {
    const { run: runId, question: questionId } = validate(Path, path);
    const { choice, arguments: edited } = validate(Answer, body);
    const caller = callerOf(key);
    return this.mesh.answer(caller, {
      keyDigest: caller.keyDigest,
      requestId: newRequestId(),
      runId,
      questionId,
      choice,
      ...(edited === undefined ? {} : { arguments: JSON.stringify(edited) }),
    });
  }
}
