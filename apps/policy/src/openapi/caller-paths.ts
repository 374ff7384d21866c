import { AdminPrincipal, AdminGrants, Token } from '@signalbox/contracts';
import { z } from 'zod';
import { AdminKeyBody, Rotation } from '../admin-keys/admin-key.js';
import { PageQuery } from '../admin/http.js';
import { NewUser, UserChange } from '../users/user.js';
import {
  always,
  etag,
  id,
  ifMatch,
  isoTime,
  type Json,
  jsonBody,
  onChange,
  pageOf,
  queryOf,
  reply,
} from './openapi-parts.js';

const AdminKeyView = z.object({
  id: Token,
  name: z.string(),
  grants: AdminGrants,
  createdBy: Token,
  createdAt: isoTime,
  expiresAt: isoTime,
  lastUsedAt: isoTime.nullable(),
  previousUntil: isoTime.nullable(),
  revision: z.number().int().min(1),
});
const UserView = z.object({
  id: Token,
  issuer: z.string(),
  subject: z.string(),
  email: z.string().nullable(),
  grants: AdminGrants,
  disabled: z.boolean(),
  updatedAt: isoTime,
  revision: z.number().int().min(1),
});

export const callerRequests: Record<string, z.ZodType> = { AdminKeyBody, Rotation, NewUser, UserChange };
export const callerSchemas: Record<string, z.ZodType> = {
  ...callerRequests,
  AdminKeyView,
  AdminKeyPage: pageOf(AdminKeyView),
  NewAdminKeyView: AdminKeyView.extend({ key: z.string() }),
  UserView,
  UserPage: pageOf(UserView),
  AdminPrincipal,
};

const PAGING = 'Paging, by id: `after` is the `next` of the page before.';

interface Collection {
  tag: string;
  /** `AdminKey` */
  one: string;
  /** Schemas of bodies and of the answer of a POST. */
  made: string;
  body: string;
  change: string;
}

function collection(path: string, { tag, one, made, body, change }: Collection): Json {
  const tags = [tag];
  return {
    [path]: {
      get: {
        operationId: `list${one}s`,
        tags,
        parameters: queryOf(PageQuery, PAGING),
        responses: { 200: reply('Those that the caller may see.', `${one}Page`), ...always },
      },
      post: {
        operationId: `create${one}`,
        tags,
        requestBody: { required: true, ...jsonBody(body) },
        responses: { 201: reply('Made.', made, etag), ...always, ...onChange },
      },
    },
    [`${path}/{id}`]: {
      parameters: [id],
      get: {
        operationId: `get${one}`,
        tags,
        responses: { 200: reply('As it is now.', `${one}View`, etag), ...always },
      },
      put: {
        operationId: `put${one}`,
        tags,
        parameters: [ifMatch],
        requestBody: { required: true, ...jsonBody(change) },
        responses: { 200: reply('Replaced.', `${one}View`, etag), ...always, ...onChange },
      },
      delete: {
        operationId: `delete${one}`,
        tags,
        parameters: [ifMatch],
        responses: { 204: reply('Gone.'), ...always, ...onChange },
      },
    },
  };
}

/** Paths of those who call the admin APIs, below `base`. */
export function callerPaths(base: string): Json {
  return {
    ...collection(`${base}/admin-keys`, {
      tag: 'admin keys',
      one: 'AdminKey',
      made: 'NewAdminKeyView',
      body: 'AdminKeyBody',
      change: 'AdminKeyBody',
    }),
    [`${base}/admin-keys/{id}/rotate`]: {
      parameters: [id],
      post: {
        operationId: 'rotateAdminKey',
        tags: ['admin keys'],
        parameters: [ifMatch],
        requestBody: { required: false, ...jsonBody('Rotation') },
        responses: { 200: reply('The new text, this once.', 'NewAdminKeyView', etag), ...always, ...onChange },
      },
    },
    ...collection(`${base}/users`, {
      tag: 'users',
      one: 'User',
      made: 'UserView',
      body: 'NewUser',
      change: 'UserChange',
    }),
    [`${base}/whoami`]: {
      get: {
        operationId: 'whoami',
        tags: ['callers'],
        responses: { 200: reply('Who calls.', 'AdminPrincipal'), ...always },
      },
    },
  };
}
