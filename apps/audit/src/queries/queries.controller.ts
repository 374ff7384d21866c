import { Controller, Get, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { RunId, RUN_STATUSES, TenantId, Token } from '@signalbox/contracts';
import { validate } from '@signalbox/kernel';
import { z } from 'zod';
import { AdminGuard } from '@signalbox/app-runtime';
import type { ArchivedRun } from '../archive/entities/archived-run.entity.js';
import { COST_KEYS, type CostRow } from './queries.port.js';
import { QueriesService, type StoryLine, type Verification } from './queries.service.js';

const ListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: z.coerce.number().int().min(0).optional(),
  status: z.enum(RUN_STATUSES).optional(),
  agent: Token.optional(),
  user: Token.optional(),
});
const CostQuery = z.object({ by: z.enum(COST_KEYS).default('agent'), since: z.coerce.number().int().min(0).default(0) });

/** The archive over REST, for people and tools that hold the admin token. */
@Controller('audit/v1/tenants/:tenant')
@UseGuards(AdminGuard)
export class QueriesController {
  constructor(@Inject(QueriesService) private readonly queries: QueriesService) {}

  @Get('runs')
  async runs(@Param('tenant') tenant: string, @Query() query: unknown): Promise<{ data: ArchivedRun[] }> {
    const { user, ...filter } = validate(ListQuery, query);
    return { data: await this.queries.runs(validate(TenantId, tenant), { ...filter, userId: user }) };
  }

  @Get('runs/:run')
  async run(@Param('tenant') tenant: string, @Param('run') run: string): Promise<{ run: ArchivedRun; story: StoryLine[]; entries: unknown[] }> {
    return this.queries.run(validate(TenantId, tenant), validate(RunId, run));
  }

  @Get('runs/:run/verify')
  async verify(@Param('tenant') tenant: string, @Param('run') run: string): Promise<{ data: Verification[] }> {
    return { data: [await this.queries.verify(validate(TenantId, tenant), validate(RunId, run))] };
  }

  @Get('verify')
  async verifyAll(@Param('tenant') tenant: string): Promise<{ data: Verification[] }> {
    return { data: await this.queries.verifyAll(validate(TenantId, tenant)) };
  }

  @Get('cost')
  async cost(@Param('tenant') tenant: string, @Query() query: unknown): Promise<{ data: CostRow[] }> {
    const { by, since } = validate(CostQuery, query);
    return { data: await this.queries.cost(validate(TenantId, tenant), by, since) };
  }
}
