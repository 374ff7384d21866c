import { Token } from '@signalbox/contracts';
import { z } from 'zod';
import { ChangesInput, NewDraft, ReviewSettings } from '../changes/change-input.js';
import { DRAFT_KINDS } from '../changes/draft.js';
import { PublishOptions } from '../changes/drafts.controller.js';
import { DiffQuery, HistoryQuery } from '../history/history.controller.js';
import {
  always,
  bundleHeaders,
  etag,
  id,
  ifMatch,
  isoTime,
  type Json,
  jsonBody,
  onChange,
  parameter,
  reply,
  tenant,
} from './openapi-parts.js';

const Version = z.number().int().min(1);
const kind = z.enum(DRAFT_KINDS);
const TestResult = z.object({
  id: Token,
  ok: z.boolean(),
  expected: z.object({ outcome: z.enum(['permit', 'deny', 'approve']), by: z.array(z.string()).optional() }),
  outcome: z.enum(['permit', 'deny', 'approve']),
  kind: z.string(),
  by: z.array(z.string()),
  reason: z.string(),
});
const Draft = z.object({
  id: Token,
  title: z.string(),
  state: z.enum(['open', 'shadow', 'published', 'discarded']),
  authors: z.array(z.string()),
  baseVersion: z.number().int(),
  changes: z.array(
    z.object({ kind, id: Token, op: z.enum(['put', 'delete']), definition: z.looseObject({}).optional() }),
  ),
  approvedBy: z.array(z.string()),
  revision: z.number().int(),
  publishedVersion: Version.nullable(),
  createdAt: isoTime,
  updatedAt: isoTime,
});
const VersionHead = z.object({
  version: Version,
  hash: z.string(),
  keyId: Token,
  change: z.string(),
  author: z.string(),
  issuedAt: isoTime,
  expiresAt: isoTime,
  delivered: z.boolean(),
});

export const changeSchemas: Record<string, z.ZodType> = {
  NewDraft,
  DraftChanges: ChangesInput,
  PublishOptions,
  ReviewSettings,
  Draft,
  DraftList: z.object({ items: z.array(Draft) }),
  DraftJudgement: z.object({
    valid: z.boolean(),
    plan: z.array(z.object({ kind, id: Token, op: z.enum(['create', 'change', 'delete']) })),
    unchanged: z.number().int(),
    conflicts: z.array(z.object({ kind, id: Token, seenRevision: Version.nullable(), revision: Version.nullable() })),
    problems: z.array(z.object({ kind, id: Token, message: z.string() })),
    tests: z.array(TestResult),
  }),
  TestRun: z.object({ passed: z.boolean(), results: z.array(TestResult) }),
  VersionPage: z.object({ items: z.array(VersionHead), next: Version.nullable() }),
  VersionContent: VersionHead.extend({ content: z.looseObject({}) }),
  VersionDiff: z.object({
    from: Version,
    to: Version,
    changes: z.array(
      z.object({
        kind: z.string(),
        id: Token,
        op: z.enum(['create', 'change', 'delete']),
        before: z.looseObject({}).nullable(),
        after: z.looseObject({}).nullable(),
      }),
    ),
  }),
};
/** Bodies of requests. */
export const changeRequests = ['NewDraft', 'DraftChanges', 'PublishOptions', 'ReviewSettings'];

const version = parameter('version', 'path', { type: 'integer', minimum: 1 }, 'Version of a bundle.');

interface Step {
  summary: string;
  tag: string;
  body?: string;
  answer?: string;
  status?: number;
  query?: z.ZodType;
  headers?: Json;
  changes?: boolean;
}

function operation(
  operationId: string,
  { summary, tag, body, answer, status = 200, query, headers, changes }: Step,
): Json {
  const parameters = query === undefined ? [] : queryOf(query);
  return {
    operationId,
    tags: [tag],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined ? {} : { requestBody: { required: true, ...jsonBody(body) } }),
    responses: { [status]: reply(summary, answer, headers), ...always, ...(changes ? onChange : {}) },
  };
}

const queryOf = (schema: z.ZodType): Json[] =>
  Object.entries((z.toJSONSchema(schema, { io: 'input' }).properties ?? {}) as Json).map(([name, shape]) =>
    parameter(name, 'query', shape as Json, 'Which versions.'),
  );

/** Paths of drafts, tests and past bundles below `base`. */
export function changePaths(base: string): Json {
  const drafts = 'drafts';
  const of = (step: Partial<Step> & { summary: string }): Step => ({ tag: drafts, answer: 'Draft', ...step });
  const post = (operationId: string, step: Step): Json => ({
    parameters: [tenant, id],
    post: operation(operationId, { ...step, changes: true }),
  });
  return {
    [`${base}/drafts`]: {
      parameters: [tenant],
      get: operation('listDrafts', of({ summary: 'The newest 200 drafts.', answer: 'DraftList' })),
      post: operation('createDraft', of({ summary: 'Begun.', body: 'NewDraft', status: 201, changes: true })),
    },
    [`${base}/drafts/{id}`]: {
      parameters: [tenant, id],
      get: operation('getDraft', of({ summary: 'With the definitions that it would bring.', headers: etag })),
      delete: { ...operation('discardDraft', { summary: 'Discarded.', tag: drafts, status: 204, changes: true }) },
    },
    [`${base}/drafts/{id}/changes`]: {
      parameters: [tenant, id],
      put: operation('editDraft', of({ summary: 'Added, replaced or dropped.', body: 'DraftChanges', changes: true })),
    },
    [`${base}/drafts/{id}/rebase`]: post('rebaseDraft', of({ summary: 'What is there now counts as seen.' })),
    [`${base}/drafts/{id}/validate`]: post(
      'validateDraft',
      of({ summary: 'What it would come to, and all that stands against it.', answer: 'DraftJudgement' }),
    ),
    [`${base}/drafts/{id}/approve`]: {
      parameters: [tenant, id, ifMatch],
      post: operation('approveDraft', of({ summary: 'Approved, as it was seen.', headers: etag, changes: true })),
    },
    [`${base}/drafts/{id}/publish`]: post(
      'publishDraft',
      of({ summary: 'In force as one bundle.', body: 'PublishOptions', headers: bundleHeaders }),
    ),
    [`${base}/review`]: {
      parameters: [tenant],
      get: operation('getReview', { summary: 'How changes are made.', tag: drafts, answer: 'ReviewSettings' }),
      put: operation('putReview', {
        summary: 'Set.',
        tag: drafts,
        body: 'ReviewSettings',
        answer: 'ReviewSettings',
        changes: true,
      }),
    },
    [`${base}/tests/run`]: {
      parameters: [tenant],
      post: operation('runTests', { summary: 'Against what is in force.', tag: 'tests', answer: 'TestRun' }),
    },
    ...historyPaths(`${base}/bundles`),
  };
}

function historyPaths(base: string): Json {
  const tag = 'bundles';
  return {
    [base]: {
      parameters: [tenant],
      get: operation('listVersions', { summary: 'Newest first.', tag, answer: 'VersionPage', query: HistoryQuery }),
    },
    [`${base}/{version}`]: {
      parameters: [tenant, version],
      get: operation('getVersion', { summary: 'What it carried.', tag, answer: 'VersionContent' }),
    },
    [`${base}/{version}/diff`]: {
      parameters: [tenant, version],
      get: operation('diffVersions', { summary: 'What it changed.', tag, answer: 'VersionDiff', query: DiffQuery }),
    },
    [`${base}/{version}/rollback`]: {
      parameters: [tenant, version],
      post: operation('rollBack', {
        summary: 'Its content in force again, as a new version; or a draft that waits for a second person.',
        tag,
        body: 'PublishOptions',
        answer: 'Draft',
        headers: bundleHeaders,
        changes: true,
      }),
    },
  };
}
