import {
  Priority,
  ReaderClass,
  Regions,
  RunForkRequest,
  RunId,
  RunLimits,
  type RunRequestV1,
  Token,
} from '@signalbox/contracts';
import { MeshError, validate } from '@signalbox/kernel';
import { z } from 'zod';
import type { Caller } from '../mesh/mesh.port.js';

const TextPart = z.object({ type: z.enum(['input_text', 'output_text', 'text']), text: z.string() });
const InputMessage = z.object({
  type: z.literal('message').optional(),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: z.union([z.string(), z.array(TextPart).min(1).max(256)]),
  /** Ours: data that the caller passes on and does not stand for. */
  untrusted: z.boolean().optional(),
});

/** What we read of OpenAI's Responses request. Parameters that only tune sampling are accepted and belong to the agent. */
export const ResponseRequest = z
  .looseObject({
    model: Token,
    /** May be absent where the run begins with another's words. */
    input: z.union([z.string().min(1), z.array(InputMessage).min(1).max(256)]).optional(),
    instructions: z.string().max(32_768).nullish(),
    stream: z.boolean().nullish(),
    background: z.boolean().nullish(),
    conversation: z.union([z.string().min(1).max(256), z.object({ id: z.string().min(1).max(256) })]).nullish(),
    previous_response_id: z.string().max(128).nullish(),
    /** Ours. `profile.names`: the person's own names, so that they are found in the text. */
    signalbox: z
      .strictObject({
        profile: z.strictObject({ names: z.array(z.string().min(2).max(128)).max(16) }).optional(),
        limits: RunLimits.partial().optional(),
        priority: Priority.optional(),
        regions: Regions.optional(),
        /** Classes of readers of what is said. */
        readers: z.array(ReaderClass).max(16).optional(),
        fork: RunForkRequest.strict().optional(),
      })
      .optional(),
  })
  .refine(({ input, signalbox }) => input !== undefined || signalbox?.fork !== undefined, {
    path: ['input'],
    message: 'is missing',
  });
export type ResponseRequest = z.infer<typeof ResponseRequest>;

/** Parameters that would change what an agent may do: the agent's definition decides these. */
const GOVERNED = ['tools', 'tool_choice', 'prompt', 'include'] as const;

export function readResponseRequest(body: unknown): ResponseRequest {
  assertText(body);
  const request = validate(ResponseRequest, body);
  for (const name of GOVERNED) {
    const value = request[name];
    const idle =
      value === undefined || value === null || value === 'auto' || (Array.isArray(value) && value.length === 0);
    if (!idle) {
      const message = `${name}: an agent's tools are set by its policy, not by the request`;
      throw new MeshError('REQUEST_INVALID', message, { details: { fields: [name] } });
    }
  }
  return request;
}

const TEXT_TYPES: readonly unknown[] = TextPart.shape.type.options;
/** Parts looked at; a message has at most so many. */
const PARTS_MAX = 256;

/** CONTENT_BLOCKED for a picture, a sound or a file: nobody can say what personal data is in it. */
function assertText(body: unknown): void {
  const { input } = (body ?? {}) as { input?: unknown };
  for (const [index, message] of listOf(input).entries()) {
    const { content, type: own } = (message ?? {}) as { content?: unknown; type?: unknown };
    const parts = [{ type: own === 'message' ? undefined : own }, ...listOf(content)];
    for (const part of parts as ({ type?: unknown } | null)[]) {
      const type = part?.type;
      if (typeof type !== 'string' || TEXT_TYPES.includes(type) || !UNSCANNED.test(type)) continue;
      const message = `input.${index}: ${type} cannot be scanned for personal data, so it is refused; send its text`;
      throw new MeshError('CONTENT_BLOCKED', message, { details: { fields: [`input.${index}`], class: 'UNSCANNED' } });
    }
  }
}

/** What OpenAI calls them, `input_image`, `image_url`, `input_audio`, `input_file` and so on. */
const UNSCANNED = /^[a-z_]{0,24}(?:image|audio|video|file)[a-z_]{0,24}$/;
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value.slice(0, PARTS_MAX) : []);

/** Turns the edge's dialect into the mesh's own request. */
export function toRunRequest(
  request: ResponseRequest,
  caller: Caller,
  requestId: string,
  idempotencyKey?: string,
): RunRequestV1 {
  const input =
    typeof request.input === 'string'
      ? [{ role: 'user' as const, content: request.input }]
      : (request.input ?? []).map(toMessage);
  if (request.instructions) input.unshift({ role: 'system', content: request.instructions });
  const conversation = typeof request.conversation === 'string' ? request.conversation : request.conversation?.id;
  return {
    keyDigest: caller.keyDigest,
    requestId,
    ...(idempotencyKey ? { idempotencyKey } : {}),
    agent: request.model,
    input,
    stream: request.stream === true,
    ...(conversation ? { session: conversation } : {}),
    ...(request.previous_response_id ? { previousRunId: runIdOf(request.previous_response_id) } : {}),
    ...(request.signalbox?.profile ? { profile: request.signalbox.profile } : {}),
    ...(request.signalbox?.limits ? { limits: request.signalbox.limits } : {}),
    ...(request.signalbox?.fork ? { fork: request.signalbox.fork } : {}),
    ...(request.signalbox?.regions ? { regions: request.signalbox.regions } : {}),
    ...(request.signalbox?.readers ? { readers: request.signalbox.readers } : {}),
    ...(request.signalbox?.priority ? { priority: request.signalbox.priority } : {}),
  };
}

function toMessage(message: z.infer<typeof InputMessage>): RunRequestV1['input'][number] {
  const content =
    typeof message.content === 'string' ? message.content : message.content.map((part) => part.text).join('');
  const role = message.role === 'developer' ? 'system' : message.role;
  return { role, content, ...(message.untrusted === true ? { untrusted: true } : {}) };
}

/** `resp_…` is the run's id under OpenAI's prefix. */
export function runIdOf(responseId: string): string {
  const runId = RunId.safeParse(responseId.replace(/^resp_/, 'run_'));
  if (!runId.success || !responseId.startsWith('resp_'))
    throw new MeshError('RUN_UNKNOWN', 'There is no response of that id.');
  return runId.data;
}

export function responseIdOf(runId: string): string {
  return runId.replace('run_', 'resp_');
}
