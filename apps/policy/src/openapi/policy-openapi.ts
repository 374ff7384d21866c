import { BundleRef, SignedBundleV1, TenantId, Token } from '@signalbox/contracts';
import { z } from 'zod';
import { PageQuery } from '../admin/http.js';
import { NewCedarPolicy } from '../cedar/cedar-policies.service.js';
import { definitionSchemas, KeyChange, KeyView, NewKey } from '../definitions/definition-kinds.js';
import { KINDS } from '../storage/policy.repository.js';

type Json = Record<string, unknown>;

const SINGULAR = {
  agents: 'Agent',
  tools: 'Tool',
  rules: 'Rule',
  models: 'Model',
  keys: 'Key',
  halts: 'Halt',
  policies: 'Policy',
} as const;
type CollectionName = keyof typeof SINGULAR;

const isoTime = z.iso.datetime();
/** What is sent and shown: without what the service makes of it. */
const written = { ...definitionSchemas, keys: KeyView, policies: NewCedarPolicy };
const shown = <S extends z.ZodType>(definition: S) =>
  z.object({ id: Token, revision: z.number().int().min(1), updatedAt: isoTime, definition });
const pageOf = <S extends z.ZodType>(item: S) => z.object({ items: z.array(item), next: Token.nullable() });

const Bundle = BundleRef.extend({ keyId: Token, issuedAt: isoTime, expiresAt: isoTime, delivered: z.boolean() });
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
  CedarSchema: z.object({ schema: z.string() }),
  Valid: z.object({ valid: z.literal(true) }),
  Bundle,
  BundleWithPayload: Bundle.extend({ change: z.string(), signed: SignedBundleV1 }),
  TenantList: z.object({ items: z.array(z.object({ id: TenantId, bundle: Bundle.nullable() })) }),
  Problem,
};

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const jsonBody = (name: string): Json => ({ content: { 'application/json': { schema: ref(name) } } });
const reply = (description: string, name?: string, headers?: Json): Json => ({
  description,
  ...(name === undefined ? {} : jsonBody(name)),
  ...(headers === undefined ? {} : { headers }),
});
/** Bodies of requests are closed: the API refuses unknown fields. What it answers may grow. */
const REQUESTS = new Set(['Agent', 'Tool', 'Rule', 'Model', 'Halt', 'Policy', 'NewKey', 'KeyChange']);
const jsonSchema = (schema: z.ZodType, isClosed = false): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: isClosed ? 'output' : 'input' }) as Json;
  return rest;
};

const parameter = (name: string, where: 'path' | 'query' | 'header', schema: Json, description: string): Json => ({
  name,
  in: where,
  required: where === 'path',
  schema,
  description,
});
const tenant = parameter('tenant', 'path', jsonSchema(TenantId), 'The tenant.');
const id = parameter('id', 'path', jsonSchema(Token), 'Id, or name of a tool.');
const ifMatch = parameter('If-Match', 'header', { type: 'string' }, 'ETag of what is replaced, or `*`.');
const ifNoneMatch = parameter(
  'If-None-Match',
  'header',
  { type: 'string', const: '*' },
  'Only if it does not exist yet.',
);

const text: Json = { schema: { type: 'string' } };
const etag = { ETag: { ...text, description: 'Revision, for If-Match.' } };
const bundleHeaders = {
  'sb-bundle': { ...text, description: 'Version of the bundle that carries the change; absent when nothing changed.' },
  'sb-bundle-delivered': {
    ...text,
    description: '`false`: kept, and brought to the enforcement points as soon as can be.',
  },
};

const problem = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: ref('Problem') } },
});
const always = {
  400: problem('REQUEST_MALFORMED, REQUEST_INVALID (with `fields`) or PAYLOAD_TOO_DEEP.'),
  401: problem('KEY_MISSING or KEY_INVALID.'),
  404: problem('NOT_FOUND or ROUTE_UNKNOWN.'),
  503: problem('STORE_UNAVAILABLE: try again.'),
};
const onChange = {
  409: problem('CONFLICT: it exists, changed meanwhile (`revision`), or is in use (`usedBy`).'),
  413: problem('REQUEST_TOO_LARGE or PAYLOAD_TOO_LARGE.'),
};

function collection(name: CollectionName): Json {
  const one = SINGULAR[name];
  const query = z.toJSONSchema(PageQuery, { io: 'input' }).properties as Json;
  const list = {
    operationId: `list${one.replace(/y$/, 'ie')}s`,
    tags: [name],
    parameters: Object.entries(query).map(([key, schema]) => parameter(key, 'query', schema as Json, 'Paging, by id.')),
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
        tags: ['bundles'],
        responses: { 200: reply('All tenants.', 'TenantList'), ...always },
      },
    },
  };
  for (const name of Object.keys(definitionSchemas) as CollectionName[]) {
    paths[`${base}/{tenant}/${name}`] = collection(name);
    paths[`${base}/{tenant}/${name}/{id}`] = member(name);
  }
  paths[`${base}/{tenant}/tools/{id}/cedar-schema`] = {
    parameters: [tenant, id],
    get: {
      operationId: 'getCedarSchema',
      tags: ['policies'],
      responses: {
        200: reply('What Cedar policies about calls of the tool are held against.', 'CedarSchema'),
        ...always,
      },
    },
  };
  paths[`${base}/{tenant}/policies/{id}/validate`] = {
    parameters: [tenant, id],
    post: {
      operationId: 'validatePolicy',
      tags: ['policies'],
      requestBody: { required: true, ...jsonBody('Policy') },
      responses: { 200: reply('It could be put as it is.', 'Valid'), ...always },
    },
  };
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
        'Agents, tools, allowlists, models and keys of tenants. Every change issues a new signed bundle, which the enforcement points decide from.',
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
