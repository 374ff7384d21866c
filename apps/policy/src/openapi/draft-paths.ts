import { z } from 'zod';
import { DiffQuery, HistoryQuery } from '../history/history.controller.js';
import { ShadowQuery } from '../shadow/shadow.controller.js';
import {
  always,
  bundleHeaders,
  etag,
  id,
  ifMatch,
  type Json,
  jsonBody,
  onChange,
  parameter,
  reply,
  tenant,
} from './openapi-parts.js';

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
export function draftPaths(base: string): Json {
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
    [`${base}/drafts/{id}/dry-run`]: post(
      'dryRunDraft',
      of({ summary: 'What recorded calls would have come to.', body: 'DryRunOptions', answer: 'DryRun' }),
    ),
    [`${base}/drafts/{id}/shadow`]: post('shadowDraft', of({ summary: 'Evaluated beside every decision.' })),
    [`${base}/drafts/{id}/unshadow`]: post('unshadowDraft', of({ summary: 'Evaluated no more.' })),
    [`${base}/shadow`]: {
      parameters: [tenant],
      get: operation(
        'getShadow',
        of({ summary: 'What live decisions would be.', answer: 'Shadow', query: ShadowQuery }),
      ),
    },
    [`${base}/recheck`]: {
      parameters: [tenant],
      get: operation('getRecheck', of({ summary: 'Live decisions, made once more.', answer: 'Rechecked' })),
    },
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
