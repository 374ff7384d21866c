import { always, bundleHeaders, etag, ifMatch, type Json, jsonBody, onChange, reply, tenant } from './openapi-parts.js';

/** Always there, so that there is nothing to make or remove. */
export const limitsPath: Json = {
  parameters: [tenant],
  get: {
    operationId: 'getLimits',
    tags: ['limits'],
    responses: { 200: reply('As they are now; revision 0 where none were set.', 'TenantLimitsView', etag), ...always },
  },
  put: {
    operationId: 'putLimits',
    tags: ['limits'],
    parameters: [ifMatch],
    requestBody: { required: true, ...jsonBody('TenantLimits') },
    responses: {
      200: reply('Replaced, all of them.', 'TenantLimitsView', { ...etag, ...bundleHeaders }),
      ...always,
      ...onChange,
    },
  },
};
