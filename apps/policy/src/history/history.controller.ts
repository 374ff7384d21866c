import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { Access, Caller } from '@signalbox/access';
import type { AdminPrincipal } from '@signalbox/contracts';
import { MeshError, validate } from '@signalbox/kernel';
import { z } from 'zod';
import { type HttpReply, PAGE_LIMIT, PAGE_LIMIT_MAX, tenantFrom } from '../admin/http.js';
import { PublishOptions } from '../drafts/drafts.controller.js';
import { type DraftView, viewOf as draftViewOf } from '../drafts/draft-view.js';
import { answerBundle } from '../definitions/definition-view.js';
import type { BundleEvent } from '../storage/policy.repository.js';
import type { BundleChange } from './compare-bundles.js';
import { contentOf, HistoryService } from './history.service.js';

const VERSION_MAX = 2_147_483_647;
const Version = z.coerce.number().int().min(1).max(VERSION_MAX);

export const HistoryQuery = z.strictObject({
  /** Only versions before this one. */
  before: Version.default(VERSION_MAX),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT),
});
/** By default the version before. */
export const DiffQuery = z.strictObject({ from: Version.optional() });

/** A version as the history shows it. */
interface VersionView {
  version: number;
  hash: string;
  keyId: string;
  change: string;
  author: string;
  issuedAt: string;
  expiresAt: string;
  delivered: boolean;
}

@Controller('admin/v1/tenants/:tenant/bundles')
export class HistoryController {
  constructor(private readonly history: HistoryService) {}

  @Access('reader')
  @Get()
  async list(
    @Param('tenant') tenant: string,
    @Query() query: unknown,
  ): Promise<{ items: VersionView[]; next: number | null }> {
    const { before, limit } = validate(HistoryQuery, query);
    const { items, next } = await this.history.list(tenantFrom(tenant), before, limit);
    return { items: items.map(viewOf), next };
  }

  @Access('reader')
  @Get(':version')
  async get(
    @Param('tenant') tenant: string,
    @Param('version') version: string,
  ): Promise<VersionView & { content: object }> {
    const found = await this.history.bundle(tenantFrom(tenant), versionFrom(version));
    const { keys, ...content } = contentOf(found);
    return { ...viewOf(found), content: { ...content, keys: keys.map(({ digest: _digest, ...key }) => key) } };
  }

  @Access('reader')
  @Get(':version/diff')
  async diff(
    @Param('tenant') tenant: string,
    @Param('version') versionText: string,
    @Query() query: unknown,
  ): Promise<{ from: number; to: number; changes: BundleChange[] }> {
    const to = versionFrom(versionText);
    const { from = to - 1 } = validate(DiffQuery, query);
    return { from, to, changes: await this.history.diff(tenantFrom(tenant), from, to) };
  }

  @Access('author')
  @Post(':version/rollback')
  @HttpCode(200)
  async rollback(
    @Param('tenant') tenant: string,
    @Param('version') version: string,
    @Body() body: unknown,
    @Caller() caller: AdminPrincipal,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DraftView> {
    const { despiteTests } = validate(PublishOptions, body ?? {});
    const done = await this.history.rollback(tenantFrom(tenant), versionFrom(version), caller, despiteTests);
    answerBundle(reply, done);
    return draftViewOf(done.draft);
  }
}

function versionFrom(text: string): number {
  const version = Version.safeParse(/^\d+$/.test(text) ? text : '');
  if (version.success) return version.data;
  throw new MeshError('REQUEST_INVALID', 'version: must be a version of a bundle', {
    details: { fields: ['version'] },
  });
}

function viewOf({ version, hash, keyId, change, author, issuedAt, expiresAt, delivered }: BundleEvent): VersionView {
  const times = { issuedAt: issuedAt.toISOString(), expiresAt: expiresAt.toISOString() };
  return { version, hash, keyId, change, author, ...times, delivered };
}
