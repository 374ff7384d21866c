import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { TenantId } from '@signalbox/contracts';
import { validate } from '@signalbox/kernel';
import { z } from 'zod';
import type { Boundary } from './boundary.js';
import type { Incident } from './incident.js';
import { IncidentsService } from './incidents.service.js';
import { type Looked, SamplerService } from './sampler.service.js';

const Whole = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);
const ListQuery = z.strictObject({
  limit: Whole.pipe(z.number().min(1).max(500)).default(50),
  before: Whole.optional(),
});

interface Listed {
  data: Incident[];
  looked: Looked;
  boundary: Boundary | null;
}

/** What must not happen and did. Of no tenant: `mesh`. */
@Controller('audit/v1/tenants/:tenant/incidents')
export class IncidentsController {
  constructor(
    @Inject(IncidentsService) private readonly incidents: IncidentsService,
    @Inject(SamplerService) private readonly sampler: SamplerService,
  ) {}

  /** With how much this process has looked at since it started, and how the account boundary last stood. */
  @Access('reader')
  @Get()
  async list(@Param('tenant') name: string, @Query() query: unknown): Promise<Listed> {
    const tenant = validate(TenantId, name);
    const data = await this.incidents.list(tenant, validate(ListQuery, query));
    return { data, looked: this.sampler.looked(), boundary: await this.incidents.boundary(tenant) };
  }
}
