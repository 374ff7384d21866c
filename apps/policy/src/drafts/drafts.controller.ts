import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { Access, Caller } from '@signalbox/access';
import type { AdminPrincipal } from '@signalbox/contracts';
import { validate } from '@signalbox/kernel';
import { z } from 'zod';
import { etagOf, type HttpReply, type HttpRequest, idFrom, preconditionFrom, tenantFrom } from '../admin/http.js';
import { answerBundle } from '../definitions/definition-view.js';
import { callerId } from './caller-id.js';
import { ChangesInput, NewDraft } from './change-input.js';
import { type DraftDetail, type DraftJudgement, type DraftView, detailOf, viewOf } from './draft-view.js';
import { DraftsService } from './drafts.service.js';
import type { Draft } from './draft.js';
import { DraftJudging } from './judging.service.js';

export const PublishOptions = z.strictObject({
  /** Publish even where tests fail; the history says so. */
  despiteTests: z.boolean().default(false),
});

/** Changes in the making. */
@Controller('admin/v1/tenants/:tenant/drafts')
export class DraftsController {
  constructor(
    private readonly drafts: DraftsService,
    private readonly judging: DraftJudging,
  ) {}

  @Access('reader')
  @Get()
  async list(@Param('tenant') tenant: string): Promise<{ items: DraftView[] }> {
    return { items: (await this.drafts.list(tenantFrom(tenant))).map(viewOf) };
  }

  @Access('author')
  @Post()
  async create(@Param('tenant') tenant: string, @Body() body: unknown): Promise<DraftView> {
    const { changes, ...head } = validate(NewDraft, body);
    return viewOf(await this.drafts.create(tenantFrom(tenant), head, changes, callerId()));
  }

  @Access('reader')
  @Get(':id')
  async get(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DraftDetail> {
    const draft = await this.drafts.get(tenantFrom(tenant), idFrom(id));
    reply.header('etag', etagOf(draft.revision));
    return detailOf(draft);
  }

  @Access('author')
  @Put(':id/changes')
  async edit(@Param('tenant') tenant: string, @Param('id') id: string, @Body() body: unknown): Promise<DraftView> {
    const { changes } = validate(ChangesInput, body);
    return viewOf(await this.drafts.edit(tenantFrom(tenant), idFrom(id), changes, callerId()));
  }

  @Access('author')
  @Post(':id/rebase')
  @HttpCode(200)
  async rebase(@Param('tenant') tenant: string, @Param('id') id: string): Promise<DraftView> {
    return viewOf(await this.drafts.rebase(tenantFrom(tenant), idFrom(id), callerId()));
  }

  @Access('reader')
  @Post(':id/validate')
  @HttpCode(200)
  validate(@Param('tenant') tenant: string, @Param('id') id: string): Promise<DraftJudgement> {
    return this.judging.judge(tenantFrom(tenant), idFrom(id));
  }

  /** Of the draft as it was seen: it takes its ETag. */
  @Access('approver')
  @Post(':id/approve')
  @HttpCode(200)
  async approve(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Headers() headers: HttpRequest['headers'],
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DraftView> {
    const seen = preconditionFrom(headers);
    return answer(reply, await this.drafts.approve(tenantFrom(tenant), idFrom(id), callerId(), seen));
  }

  @Access('author')
  @Post(':id/publish')
  @HttpCode(200)
  async publish(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: AdminPrincipal,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DraftView> {
    const { despiteTests } = validate(PublishOptions, body ?? {});
    const published = await this.drafts.publish(tenantFrom(tenant), idFrom(id), caller, despiteTests);
    answerBundle(reply, published);
    return answer(reply, published.draft);
  }

  @Access('author')
  @Delete(':id')
  @HttpCode(204)
  async discard(@Param('tenant') tenant: string, @Param('id') id: string): Promise<void> {
    await this.drafts.discard(tenantFrom(tenant), idFrom(id));
  }
}

function answer(reply: HttpReply, draft: Draft): DraftView {
  reply.header('etag', etagOf(draft.revision));
  return viewOf(draft);
}
