import { Token } from '@signalbox/contracts';
import { z } from 'zod';
import { ChangesQuery } from '../changes/changes.controller.js';
import { always, isoTime, type Json, queryOf, reply, tenant } from './openapi-parts.js';

const Change = z.object({
  seq: z.number().int().min(1),
  at: isoTime,
  principal: z.object({ id: Token, kind: z.enum(['owner', 'key', 'user', 'service']), name: z.string() }),
  requestId: z.string().nullable(),
  action: z.enum(['created', 'changed', 'removed', 'rotated', 'published', 'approved', 'enabled', 'disabled']),
  resource: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  previous: z.string(),
  hash: z.string(),
});

export const changeSchemas: Record<string, z.ZodType> = {
  ChangePage: z.object({ items: z.array(Change), next: z.number().int().nullable() }),
};

/** The logs of changes, of a tenant and of the mesh. */
export function changePaths(base: string): Json {
  const list = (operationId: string, description: string): Json => ({
    operationId,
    tags: ['changes'],
    parameters: queryOf(ChangesQuery, 'Newest first; `before` is the `next` of the page before.'),
    responses: { 200: reply(description, 'ChangePage'), ...always },
  });
  return {
    [`${base}/tenants/{tenant}/changes`]: {
      parameters: [tenant],
      get: list('listChanges', 'Who changed what of the tenant.'),
    },
    [`${base}/changes`]: { get: list('listMeshChanges', 'Who changed admin keys and users.') },
  };
}
