import { Body, Controller, Get, Headers, Param, Put, Res } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { TenantLimits } from '@signalbox/contracts';
import { etagOf, type HttpReply, type HttpRequest, preconditionFrom, tenantFrom } from '../admin/http.js';
import { answerBundle } from '../definitions/definition-view.js';
import { strictInput } from '../definitions/strict-input.js';
import type { StoredLimits } from '../storage/policy.repository.js';
import { LimitsService } from './limits.service.js';

interface LimitsView {
  revision: number;
  updatedAt: string | null;
  definition: TenantLimits;
}

/** Limits of a tenant as a whole: one resource that is always there. */
@Controller('admin/v1/tenants/:tenant/limits')
export class LimitsController {
  constructor(private readonly limits: LimitsService) {}

  @Access('reader')
  @Get()
  async get(@Param('tenant') tenant: string, @Res({ passthrough: true }) reply: HttpReply): Promise<LimitsView> {
    return answer(reply, await this.limits.get(tenantFrom(tenant)));
  }

  @Access('admin')
  @Put()
  async put(
    @Param('tenant') tenant: string,
    @Body() body: unknown,
    @Headers() headers: HttpRequest['headers'],
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<LimitsView> {
    const wanted = strictInput(TenantLimits, body);
    const changed = await this.limits.put(tenantFrom(tenant), wanted, preconditionFrom(headers));
    answerBundle(reply, changed);
    return answer(reply, changed.stored);
  }
}

function answer(reply: HttpReply, { definition, revision, updatedAt }: StoredLimits): LimitsView {
  reply.header('etag', etagOf(revision));
  return { revision, updatedAt: updatedAt?.toISOString() ?? null, definition };
}
