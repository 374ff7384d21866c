import { z } from 'zod';
import { always, id, type Json, jsonBody, reply, tenant } from './openapi-parts.js';

const tags = ['policies'];

export const cedarSchemas: Record<string, z.ZodType> = {
  CedarSchema: z.object({ schema: z.string() }),
  Valid: z.object({ valid: z.literal(true) }),
};

/** What authors of Cedar policies need beside the policies themselves, below `base`. */
export function cedarPaths(base: string): Json {
  const ofTool = 'What Cedar policies about calls of the tool are held against.';
  return {
    [`${base}/tools/{id}/cedar-schema`]: {
      parameters: [tenant, id],
      get: { operationId: 'getCedarSchema', tags, responses: { 200: reply(ofTool, 'CedarSchema'), ...always } },
    },
    [`${base}/policies/{id}/validate`]: {
      parameters: [tenant, id],
      post: {
        operationId: 'validatePolicy',
        tags,
        requestBody: { required: true, ...jsonBody('Policy') },
        responses: { 200: reply('It could be put as it is.', 'Valid'), ...always },
      },
    },
  };
}
