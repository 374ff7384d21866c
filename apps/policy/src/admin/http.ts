import { TenantId, Token } from '@signalbox/contracts';
import { MeshError, validate } from '@signalbox/kernel';
import { z } from 'zod';
import { type Kind, KINDS } from '../storage/policy.repository.js';

/** What is used of a request and a reply, whatever server is below. */
export interface HttpRequest {
  headers: Record<string, string | undefined>;
}
export interface HttpReply {
  code(status: number): HttpReply;
  header(name: string, value: string): HttpReply;
}

export const PAGE_LIMIT_MAX = 200;
export const PAGE_LIMIT = 50;

export const PageQuery = z.strictObject({
  /** Only entries whose id sorts after this one. */
  after: Token.or(z.literal('')).default(''),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT),
});

export function tenantFrom(param: string): string {
  return inField('tenant', () => validate(TenantId, param));
}

export function idFrom(param: string): string {
  return inField('id', () => validate(Token, param));
}

export function kindFrom(param: string): Kind {
  const kind = KINDS.find((known) => known === param);
  if (!kind)
    throw new MeshError('ROUTE_UNKNOWN', `There is no collection of that name; there are ${KINDS.join(', ')}.`);
  return kind;
}

/** What a change asks of the state it replaces. */
export interface Precondition {
  /** Revision that it must have; `*`: any, but it must exist. */
  ifMatch?: number | '*';
  /** It must not exist. */
  ifNoneMatch?: boolean;
}

export function preconditionFrom(headers: HttpRequest['headers']): Precondition {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  const precondition: Precondition = {};
  if (match !== undefined) precondition.ifMatch = match.trim() === '*' ? '*' : revisionFrom(match);
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== '*') throw malformed('If-None-Match', '`*`');
    precondition.ifNoneMatch = true;
  }
  return precondition;
}

export const etagOf = (revision: number): string => `"${revision}"`;

function revisionFrom(header: string): number {
  const digits = /^"(\d{1,10})"$/.exec(header.trim())?.[1];
  if (digits === undefined) throw malformed('If-Match', 'one ETag as this API gave it, such as `"7"`, or `*`');
  return Number(digits);
}

function malformed(header: string, wanted: string): MeshError {
  return new MeshError('REQUEST_INVALID', `The header ${header} must be ${wanted}.`, { details: { fields: [header] } });
}

/** Names the path parameter, which has no path of its own inside its schema. */
function inField<T>(field: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    throw new MeshError(error.code, error.message.replaceAll('(body)', field), { details: { fields: [field] } });
  }
}
