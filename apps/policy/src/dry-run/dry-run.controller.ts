import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { validate } from '@signalbox/kernel';
import { z } from 'zod';
import { idFrom, tenantFrom } from '../admin/http.js';
import { type DryRun, DryRunService } from './dry-run.service.js';

export const DryRunOptions = z.strictObject({
  /** How many recorded decisions, the newest. */
  decisionsMax: z.number().int().min(1).max(10_000).default(1_000),
  /** No further ones are asked for after that, ms. */
  withinMs: z.number().int().min(100).max(20_000).default(10_000),
});

/** What a draft would have decided. Names agents, tools, policies and runs, and no argument of a call. */
@Controller('admin/v1/tenants/:tenant/drafts')
export class DryRunController {
  constructor(private readonly dryRuns: DryRunService) {}

  @Access('reader')
  @Post(':id/dry-run')
  @HttpCode(200)
  run(@Param('tenant') tenant: string, @Param('id') id: string, @Body() body: unknown): Promise<DryRun> {
    return this.dryRuns.run(tenantFrom(tenant), idFrom(id), validate(DryRunOptions, body ?? {}));
  }
}
