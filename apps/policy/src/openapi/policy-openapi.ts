import { Token } from '@signalbox/contracts';
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
  idempotencyKey,
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
import { callerPaths, callerRequests, callerSchemas } from './caller-paths.js';
import { changePaths, changeSchemas } from './change-paths.js';
import { cedarPaths, cedarSchemas } from './cedar-paths.js';
import { tenantPaths, tenantSchemas } from './tenant-paths.js';
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
  ...tenantSchemas,
  ...draftSchemas,
  ...scheduleSchemas,
  ...privacySchemas,
  ...changeSchemas,
  ...callerSchemas,
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
  ...Object.keys(callerRequests),
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

/** Every POST and PUT may be sent again under its key. */
function withIdempotency(paths: Json): Json {
  const keyed = (operations: Record<string, Json>): Json =>
    Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => {
        if (method !== 'post' && method !== 'put') return [method, operation];
        return [method, { ...operation, parameters: [...((operation['parameters'] ?? []) as Json[]), idempotencyKey] }];
      }),
    );
  return Object.fromEntries(
    Object.entries(paths).map(([path, operations]) => [path, keyed(operations as Record<string, Json>)]),
  );
}

/** The OpenAPI 3.1 document of the admin API, from the schemas that the API itself validates with. */
export function policyOpenApi(): Json {
  const base = '/admin/v1/tenants';
  const paths: Json = tenantPaths(base);
  for (const name of Object.keys(definitionSchemas) as CollectionName[]) {
    paths[`${base}/{tenant}/${name}`] = collection(name);
    paths[`${base}/{tenant}/${name}/{id}`] = member(name);
  }
  paths[`${base}/{tenant}/keys/{id}/rotate`] = {
    parameters: [tenant, id],
    post: {
      operationId: 'rotateKey',
      tags: ['keys'],
      parameters: [ifMatch],
      requestBody: { required: false, ...jsonBody('Rotation') },
      responses: {
        200: reply('The new text, this once.', 'NewKeyView', { ...etag, ...bundleHeaders }),
        ...always,
        ...onChange,
      },
    },
  };
  const one = `${base}/{tenant}`;
  Object.assign(paths, cedarPaths(one), draftPaths(one), privacyPaths(one));
  Object.assign(paths, schedulePaths(`${base}/{tenant}/schedules`));
  Object.assign(paths, changePaths('/admin/v1'), callerPaths('/admin/v1'));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Signalbox policy admin API',
      version: '1.0.0',
      description:
        'Agents, tools, allowlists, models, keys and limits of tenants. Every change of them issues a new signed bundle, which the enforcement points decide from. Schedules start runs by the clock.',
    },
    security: [{ bearer: [] }],
    paths: withIdempotency(paths),
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'Admin token, admin key or OIDC token.' },
      },
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema, REQUESTS.has(name))]),
      ),
    },
  };
}
