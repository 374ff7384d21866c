import { BundleRef, SignedBundleV1, TenantId, TenantLimits, Token } from '@signalbox/contracts';
import { z } from 'zod';
import { PageQuery } from '../admin/http.js';
import { NewCedarPolicy } from '../cedar/cedar-policies.service.js';
import { definitionSchemas, KeyChange, KeyView, NewKey } from '../definitions/definition-kinds.js';
import { KINDS } from '../storage/policy.repository.js';
import {
  always,
  bundleHeaders,
  etag,
  id,
  ifMatch,
  ifNoneMatch,
  isoTime,
  type Json,
  jsonBody,
  jsonSchema,
  onChange,
  pageOf,
  queryOf,
  reply,
  tenant,
} from './openapi-parts.js';
import { changePaths, changeSchemas } from './change-paths.js';
import { cedarPaths, cedarSchemas } from './cedar-paths.js';
import { limitsPath } from './limits-path.js';
import { draftPaths } from './draft-paths.js';
import { draftRequests, draftSchemas } from './draft-schemas.js';
import { privacyPaths, privacySchemas } from './privacy-paths.js';
import { schedulePaths, scheduleSchemas } from './schedule-paths.js';

const SINGULAR = {
  agents: 'Agent',
  tools: 'Tool',
  rules: 'Rule',
  models: 'Model',
  keys: 'Key',
  halts: 'Halt',
  policies: 'Policy',
  tests: 'Test',
  quotas: 'Quota',
  delegations: 'Delegation',
  residencies: 'Residency',
  redactions: 'Redaction',
  patterns: 'Pattern',
  waivers: 'Waiver',
} as const;
type CollectionName = keyof typeof SINGULAR;

/** What is sent and shown: without what the service makes of it. */
const written = { ...definitionSchemas, keys: KeyView, policies: NewCedarPolicy };
const shown = <S extends z.ZodType>(definition: S) =>
  z.object({ id: Token, revision: z.number().int().min(1), updatedAt: isoTime, definition });

const Bundle = BundleRef.extend({ keyId: Token, issuedAt: isoTime, expiresAt: isoTime, delivered: z.boolean() });
const Tenant = z.object({ id: TenantId, bundle: Bundle.nullable() });
const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  fields: z.array(z.string()).optional(),
});

const schemas: Record<string, z.ZodType> = {
  ...Object.fromEntries(
    KINDS.flatMap((kind) => {
      const view = shown(written[kind]);
      const own: [string, z.ZodType][] = kind === 'keys' ? [] : [[SINGULAR[kind], written[kind]]];
      return [...own, [`${SINGULAR[kind]}View`, view], [`${SINGULAR[kind]}Page`, pageOf(view)]];
    }),
  ),
  NewKey,
  KeyChange,
  NewKeyView: shown(KeyView).extend({ key: z.string() }),
  ...cedarSchemas,
  ...draftSchemas,
  TenantLimits,
  TenantLimitsView: z.object({
    revision: z.number().int().min(0),
    updatedAt: isoTime.nullable(),
    definition: TenantLimits,
  }),
  ...scheduleSchemas,
  ...privacySchemas,
  ...changeSchemas,
  Bundle,
  BundleWithPayload: Bundle.extend({ change: z.string(), signed: SignedBundleV1 }),
  Tenant,
  TenantPage: z.object({ items: z.array(Tenant), next: TenantId.nullable() }),
  Problem,
};
/** Bodies of requests. */
const REQUESTS = new Set([
  'Agent',
  'Tool',
  'Rule',
  'Model',
  'Halt',
  'Quota',
  'Delegation',
  'Residency',
  'Policy',
  'Test',
  'Redaction',
  'Pattern',
  'Waiver',
  'NewKey',
  'KeyChange',
  'TenantLimits',
  'RedactionTrial',
  'RedactionComparison',
  'RotationRequest',
  'Schedule',
  ...draftRequests,
]);

const paging = (): Json[] => queryOf(PageQuery, 'Paging, by id: `after` is the `next` of the page before.');

function collection(name: CollectionName): Json {
  const one = SINGULAR[name];
  const list = {
    operationId: `list${one.replace(/y$/, 'ie')}s`,
    tags: [name],
    parameters: paging(),
    responses: { 200: reply(`A page of ${name}.`, `${one}Page`), ...always },
  };
  const post = {
    operationId: 'createKey',
    tags: [name],
    requestBody: { required: true, ...jsonBody('NewKey') },
    responses: {
      201: reply('The key, this once.', 'NewKeyView', { ...etag, ...bundleHeaders }),
      ...always,
      ...onChange,
    },
  };
  return { parameters: [tenant], get: list, ...(name === 'keys' ? { post } : {}) };
}

function member(name: CollectionName): Json {
  const one = SINGULAR[name];
  const tags = [name];
  const changed = (description: string): Json => reply(description, `${one}View`, { ...etag, ...bundleHeaders });
  return {
    parameters: [tenant, id],
    get: { operationId: `get${one}`, tags, responses: { 200: reply('As it is now.', `${one}View`, etag), ...always } },
    put: {
      operationId: `put${one}`,
      tags,
      parameters: [ifMatch, ...(name === 'keys' ? [] : [ifNoneMatch])],
      requestBody: { required: true, ...jsonBody(name === 'keys' ? 'KeyChange' : one) },
      responses: {
        200: changed('Replaced.'),
        ...(name === 'keys' ? {} : { 201: changed('Made.') }),
        ...always,
        ...onChange,
      },
    },
    delete: {
      operationId: `delete${one}`,
      tags,
      parameters: [ifMatch],
      responses: { 204: reply('Gone.', undefined, bundleHeaders), ...always, ...onChange },
    },
  };
}

/** The OpenAPI 3.1 document of the admin API, from the schemas that the API itself validates with. */
export function policyOpenApi(): Json {
  const base = '/admin/v1/tenants';
  const paths: Json = {
    [base]: {
      get: {
        operationId: 'listTenants',
        tags: ['tenants'],
        parameters: paging(),
        responses: { 200: reply('Those that the caller may read.', 'TenantPage'), ...always },
      },
    },
    [`${base}/{tenant}`]: {
      parameters: [tenant],
      get: {
        operationId: 'getTenant',
        tags: ['tenants'],
        responses: { 200: reply('The tenant.', 'Tenant'), ...always },
      },
    },
  };
  for (const name of Object.keys(definitionSchemas) as CollectionName[]) {
    paths[`${base}/{tenant}/${name}`] = collection(name);
    paths[`${base}/{tenant}/${name}/{id}`] = member(name);
  }
  Object.assign(paths, cedarPaths(`${base}/{tenant}`));
  Object.assign(paths, draftPaths(`${base}/{tenant}`));
  Object.assign(paths, privacyPaths(`${base}/{tenant}`));
  paths[`${base}/{tenant}/limits`] = limitsPath;
  Object.assign(paths, schedulePaths(`${base}/{tenant}/schedules`));
  Object.assign(paths, changePaths('/admin/v1'));
  paths[`${base}/{tenant}/bundle`] = {
    parameters: [tenant],
    get: {
      operationId: 'getBundle',
      tags: ['bundles'],
      responses: { 200: reply('The newest bundle.', 'BundleWithPayload'), ...always },
    },
  };
  paths[`${base}/{tenant}/publish`] = {
    parameters: [tenant],
    post: {
      operationId: 'publish',
      tags: ['bundles'],
      responses: { 200: reply('Issued anew.', 'Bundle'), ...always, ...onChange },
    },
  };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Signalbox policy admin API',
      version: '1.0.0',
      description:
        'Agents, tools, allowlists, models, keys and limits of tenants. Every change of them issues a new signed bundle, which the enforcement points decide from. Schedules start runs by the clock.',
    },
    security: [{ adminToken: [] }],
    paths,
    components: {
      securitySchemes: { adminToken: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema, REQUESTS.has(name))]),
      ),
    },
  };
}
