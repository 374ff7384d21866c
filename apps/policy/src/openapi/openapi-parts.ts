import { TenantId, Token } from '@signalbox/contracts';
import { z } from 'zod';

export type Json = Record<string, unknown>;

export const isoTime = z.iso.datetime();
export const pageOf = <S extends z.ZodType>(item: S) => z.object({ items: z.array(item), next: Token.nullable() });

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
export const jsonBody = (name: string): Json => ({ content: { 'application/json': { schema: ref(name) } } });
export const reply = (description: string, name?: string, headers?: Json): Json => ({
  description,
  ...(name === undefined ? {} : jsonBody(name)),
  ...(headers === undefined ? {} : { headers }),
});
/** A request's body is closed: the API refuses unknown fields. What it answers may grow. */
export const jsonSchema = (schema: z.ZodType, isClosed = false): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: isClosed ? 'output' : 'input' }) as Json;
  return rest;
};

export const parameter = (
  name: string,
  where: 'path' | 'query' | 'header',
  schema: Json,
  description: string,
): Json => ({
  name,
  in: where,
  required: where === 'path',
  schema,
  description,
});
export const queryOf = (schema: z.ZodType, description: string): Json[] =>
  Object.entries((z.toJSONSchema(schema, { io: 'input' }).properties ?? {}) as Json).map(([name, shape]) =>
    parameter(name, 'query', shape as Json, description),
  );

export const tenant = parameter('tenant', 'path', jsonSchema(TenantId), 'The tenant.');
export const id = parameter('id', 'path', jsonSchema(Token), 'Id, or name of a tool.');
export const ifMatch = parameter('If-Match', 'header', { type: 'string' }, 'ETag of what is replaced, or `*`.');
export const ifNoneMatch = parameter(
  'If-None-Match',
  'header',
  { type: 'string', const: '*' },
  'Only if it does not exist yet.',
);

/** Taken by every POST and PUT. */
export const idempotencyKey = parameter(
  'Idempotency-Key',
  'header',
  { type: 'string', minLength: 1, maxLength: 255 },
  'The same request under the same key is handled once, and gets the same answer for two days.',
);

const text: Json = { schema: { type: 'string' } };
export const etag = { ETag: { ...text, description: 'Revision, for If-Match.' } };
export const bundleHeaders = {
  'sb-bundle': { ...text, description: 'Version of the bundle that carries the change; absent when nothing changed.' },
  'sb-bundle-delivered': {
    ...text,
    description: '`false`: kept, and brought to the enforcement points as soon as can be.',
  },
};

export const problem = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: ref('Problem') } },
});
export const always = {
  400: problem('REQUEST_MALFORMED, REQUEST_INVALID (with `fields`) or PAYLOAD_TOO_DEEP.'),
  401: problem('KEY_MISSING or KEY_INVALID.'),
  405: problem('METHOD_NOT_ALLOWED: `Allow` lists what the path takes.'),
  403: problem('ROLE_DENIED: the caller lacks the `role`.'),
  404: problem('NOT_FOUND or ROUTE_UNKNOWN.'),
  503: problem('STORE_UNAVAILABLE or ISSUER_UNAVAILABLE: try again.'),
};
export const onChange = {
  409: problem('CONFLICT: it exists already, or is in use (`usedBy`); IDEMPOTENCY_BUSY.'),
  412: problem('PRECONDITION_FAILED: it is not as the precondition says, but at `revision`.'),
  413: problem('REQUEST_TOO_LARGE or PAYLOAD_TOO_LARGE.'),
  422: problem('IDEMPOTENCY_MISMATCH: the `Idempotency-Key` stands for another request.'),
  428: problem('PRECONDITION_REQUIRED: it exists; send `If-Match` with its ETag.'),
};
