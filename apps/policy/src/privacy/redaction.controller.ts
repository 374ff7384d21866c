import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Access } from '@signalbox/access';
import type { RedactionReplayedV1 } from '@signalbox/contracts';
import { tenantFrom } from '../admin/http.js';
import { strictInput } from '../definitions/strict-input.js';
import {
  type RedactionClasses,
  RedactionComparison,
  RedactionTrial,
  type RedactionTrialResult,
} from './redaction-trial.js';
import { RedactionTrialService } from './redaction-trial.service.js';

/** What redaction does, and would do. Changes nothing. */
@Controller('admin/v1/tenants/:tenant/redaction')
export class RedactionController {
  constructor(private readonly trials: RedactionTrialService) {}

  @Access('reader')
  @Get('classes')
  classes(@Param('tenant') tenant: string): Promise<RedactionClasses> {
    return this.trials.classes(tenantFrom(tenant));
  }

  @Access('reader')
  @HttpCode(200)
  @Post('try')
  try(@Param('tenant') tenant: string, @Body() body: unknown): Promise<RedactionTrialResult> {
    return this.trials.try(tenantFrom(tenant), strictInput(RedactionTrial, body));
  }

  @Access('reader')
  @HttpCode(200)
  @Post('compare')
  compare(@Param('tenant') tenant: string, @Body() body: unknown): Promise<RedactionReplayedV1> {
    return this.trials.compare(tenantFrom(tenant), strictInput(RedactionComparison, body));
  }
}
