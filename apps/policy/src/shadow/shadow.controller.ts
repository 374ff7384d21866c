import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { validate } from '@signalbox/kernel';
import { z } from 'zod';
import { idFrom, tenantFrom } from '../admin/http.js';
import { callerId } from '../drafts/caller-id.js';
import { type DraftView, viewOf } from '../drafts/draft-view.js';
import { ShadowDrafts } from './shadow-drafts.service.js';
import { ShadowService, type ShadowSummary } from './shadow.service.js';

export const ShadowQuery = z.strictObject({
  /** How many recorded decisions, the newest. */
  decisions: z.coerce.number().int().min(1).max(10_000).default(1_000),
});

/** What is evaluated beside the decisions, without effect. */
@Controller('admin/v1/tenants/:tenant')
export class ShadowController {
  constructor(
    private readonly drafts: ShadowDrafts,
    private readonly shadows: ShadowService,
  ) {}

  @Access('reader')
  @Get('shadow')
  summary(@Param('tenant') tenant: string, @Query() query: unknown): Promise<ShadowSummary> {
    return this.shadows.summary(tenantFrom(tenant), validate(ShadowQuery, query).decisions);
  }

  /** From the next bundle on, every decision also says what the draft would have made of it. */
  @Access('author')
  @Post('drafts/:id/shadow')
  @HttpCode(200)
  async begin(@Param('tenant') tenant: string, @Param('id') id: string): Promise<DraftView> {
    return viewOf(await this.drafts.begin(tenantFrom(tenant), idFrom(id), callerId()));
  }

  @Access('author')
  @Post('drafts/:id/unshadow')
  @HttpCode(200)
  async end(@Param('tenant') tenant: string, @Param('id') id: string): Promise<DraftView> {
    return viewOf(await this.drafts.end(tenantFrom(tenant), idFrom(id), callerId()));
  }
}
