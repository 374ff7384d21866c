import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Req, Res, UseGuards } from '@nestjs/common';
import { AdminGuard } from '@signalbox/app-runtime';
import { validate } from '@signalbox/kernel';
import { z } from 'zod';
import { authorOf } from '../admin/author.js';
import { type HttpReply, idFrom, tenantFrom } from '../admin/http.js';
import { answerBundle } from '../definitions/definition-view.js';
import { ChangesInput, NewDraft } from './change-input.js';
import { type DraftDetail, type DraftJudgement, type DraftView, detailOf, viewOf } from './draft-view.js';
import { DraftsService } from './drafts.service.js';
import { DraftJudging } from './judging.service.js';

export const PublishOptions = z.strictObject({
  /** Publish even where tests fail; the history says so. */
  despiteTests: z.boolean().default(false),
});

/** Changes in the making. */
@UseGuards(AdminGuard)
@Controller('admin/v1/tenants/:tenant/drafts')
export class DraftsController {
  constructor(
    private readonly drafts: DraftsService,
    private readonly judging: DraftJudging,
  ) {}

  @Get()
  async list(@Param('tenant') tenant: string): Promise<{ items: DraftView[] }> {
    return { items: (await this.drafts.list(tenantFrom(tenant))).map(viewOf) };
  }

  @Post()
  async create(@Param('tenant') tenant: string, @Body() body: unknown, @Req() request: unknown): Promise<DraftView> {
    const { changes, ...head } = validate(NewDraft, body);
    return viewOf(await this.drafts.create(tenantFrom(tenant), head, changes, authorOf(request)));
  }

  @Get(':id')
  async get(@Param('tenant') tenant: string, @Param('id') id: string): Promise<DraftDetail> {
    return detailOf(await this.drafts.get(tenantFrom(tenant), idFrom(id)));
  }

  @Put(':id/changes')
  async edit(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: unknown,
  ): Promise<DraftView> {
    const { changes } = validate(ChangesInput, body);
    return viewOf(await this.drafts.edit(tenantFrom(tenant), idFrom(id), changes, authorOf(request)));
  }

  @Post(':id/rebase')
  @HttpCode(200)
  async rebase(@Param('tenant') tenant: string, @Param('id') id: string, @Req() request: unknown): Promise<DraftView> {
    return viewOf(await this.drafts.rebase(tenantFrom(tenant), idFrom(id), authorOf(request)));
  }

  @Post(':id/validate')
  @HttpCode(200)
  validate(@Param('tenant') tenant: string, @Param('id') id: string): Promise<DraftJudgement> {
    return this.judging.judge(tenantFrom(tenant), idFrom(id));
  }

  @Post(':id/approve')
  @HttpCode(200)
  async approve(@Param('tenant') tenant: string, @Param('id') id: string, @Req() request: unknown): Promise<DraftView> {
    return viewOf(await this.drafts.approve(tenantFrom(tenant), idFrom(id), authorOf(request)));
  }

  @Post(':id/publish')
  @HttpCode(200)
  async publish(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: unknown,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DraftView> {
    const { despiteTests } = validate(PublishOptions, body ?? {});
    const published = await this.drafts.publish(tenantFrom(tenant), idFrom(id), authorOf(request), despiteTests);
    answerBundle(reply, published);
    return viewOf(published.draft);
  }

  @Delete(':id')
  @HttpCode(204)
  async discard(@Param('tenant') tenant: string, @Param('id') id: string): Promise<void> {
    await this.drafts.discard(tenantFrom(tenant), idFrom(id));
  }
}
