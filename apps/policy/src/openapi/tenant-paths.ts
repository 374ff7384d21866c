import { BundleRef, SignedBundleV1, TenantId, TenantLimits, Token } from '@signalbox/contracts';
import { z } from 'zod';
import { PageQuery } from '../admin/http.js';
import { limitsPath } from './limits-path.js';
import { always, isoTime, type Json, onChange, problem, queryOf, reply, tenant } from './openapi-parts.js';

const Bundle = BundleRef.extend({ keyId: Token, issuedAt: isoTime, expiresAt: isoTime, delivered: z.boolean() });
const Tenant = z.object({ id: TenantId, bundle: Bundle.nullable() });

export const tenantSchemas: Record<string, z.ZodType> = {
  TenantLimits,
  TenantLimitsView: z.object({
    revision: z.number().int().min(0),
    updatedAt: isoTime.nullable(),
    definition: TenantLimits,
  }),
  Bundle,
  BundleWithPayload: Bundle.extend({ change: z.string(), signed: SignedBundleV1 }),
  Tenant,
  TenantPage: z.object({ items: z.array(Tenant), next: TenantId.nullable() }),
};

const tenants: Json = {
  get: {
    operationId: 'listTenants',
    tags: ['tenants'],
    parameters: queryOf(PageQuery, 'Paging, by id: `after` is the `next` of the page before.'),
    responses: { 200: reply('Those that the caller may read.', 'TenantPage'), ...always },
  },
  post: {
    operationId: 'createTenant',
    tags: ['tenants'],
    responses: {
      ...always,
      ...onChange,
      409: problem('TENANTS_STATIC: tenants come from the configuration of the mesh.'),
    },
  },
};

/** Tenants, each with its limits and its bundle, below `base`. */
export function tenantPaths(base: string): Json {
  const one = `${base}/{tenant}`;
  const read = (operationId: string, tag: string, description: string, schema: string): Json => ({
    parameters: [tenant],
    get: { operationId, tags: [tag], responses: { 200: reply(description, schema), ...always } },
  });
  return {
    '/admin/v1/openapi.json': {
      get: {
        operationId: 'getOpenApi',
        tags: ['description'],
        security: [],
        responses: { 200: { description: 'This document.' } },
      },
    },
    [base]: tenants,
    [one]: read('getTenant', 'tenants', 'The tenant.', 'Tenant'),
    [`${one}/limits`]: limitsPath,
    [`${one}/bundle`]: read('getBundle', 'bundles', 'The newest bundle.', 'BundleWithPayload'),
    [`${one}/publish`]: {
      parameters: [tenant],
      post: {
        operationId: 'publish',
        tags: ['bundles'],
        responses: { 200: reply('Issued anew.', 'Bundle'), ...always, ...onChange },
      },
    },
  };
}
