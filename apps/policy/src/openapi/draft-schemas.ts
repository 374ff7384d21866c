import { Token } from '@signalbox/contracts';
import { z } from 'zod';
import { ChangesInput, NewDraft, ReviewSettings } from '../drafts/change-input.js';
import { DRAFT_KINDS } from '../drafts/draft.js';
import { PublishOptions } from '../drafts/drafts.controller.js';
import { DryRunOptions } from '../dry-run/dry-run.controller.js';
import { OUTCOME_CHANGES } from '../dry-run/outcome-changes.js';
import { isoTime } from './openapi-parts.js';

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
const OutcomeTotals = z.record(z.enum(OUTCOME_CHANGES), z.number().int());
const ChangedCalls = z.object({
  change: z.enum(OUTCOME_CHANGES),
  agent: z.string(),
  tool: z.string(),
  by: z.array(z.string()),
  calls: z.number().int(),
  runs: z.array(z.string()),
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

export const draftSchemas: Record<string, z.ZodType> = {
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
  DryRunOptions,
  DryRun: z.object({
    decisions: z.number().int(),
    decided: z.number().int(),
    unchanged: z.number().int(),
    changed: OutcomeTotals,
    rows: z.array(ChangedCalls),
    changedSince: z.number().int(),
    left: z.record(z.string(), z.number().int()),
    span: z.object({ from: z.number(), to: z.number() }).nullable(),
    ended: z.enum(['enough', 'all', 'time']),
  }),
  Shadow: z.object({
    draft: Token.nullable(),
    decisions: z.number().int(),
    shadowed: z.number().int(),
    unchanged: z.number().int(),
    changed: OutcomeTotals,
    faults: z.number().int(),
    rows: z.array(ChangedCalls),
    ended: z.enum(['enough', 'all', 'time']),
  }),
  Rechecked: z.object({
    compared: z.number().int(),
    differences: z.number().int(),
    left: z.record(z.string(), z.number().int()),
    incidents: z.array(
      z.object({
        runId: z.string(),
        at: z.number(),
        agent: z.string(),
        tool: z.string(),
        version: Version,
        difference: z.string(),
      }),
    ),
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
export const draftRequests = ['NewDraft', 'DraftChanges', 'PublishOptions', 'ReviewSettings', 'DryRunOptions'];
