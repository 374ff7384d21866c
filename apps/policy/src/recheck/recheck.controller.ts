import { Controller, Get, Param } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { tenantFrom } from '../admin/http.js';
import { type Rechecked, RecheckService } from './recheck.service.js';

/** What came of deciding a sample of live decisions again. */
@Controller('admin/v1/tenants/:tenant/recheck')
export class RecheckController {
  constructor(private readonly recheck: RecheckService) {}

  @Access('reader')
  @Get()
  get(@Param('tenant') tenant: string): Rechecked {
    return this.recheck.of(tenantFrom(tenant));
  }
}
