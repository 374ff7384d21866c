import { Controller, Get, Param, Query } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { MeshError, validate } from '@signalbox/kernel';
import { z } from 'zod';
import { PAGE_LIMIT, PAGE_LIMIT_MAX, tenantFrom } from '../admin/http.js';
import { PolicyRepository } from '../storage/policy.repository.js';
import { type Change, MESH_LOG } from './change.js';
import { ChangesPort } from './changes.port.js';

const SEQ_MAX = 2_147_483_647;

export const ChangesQuery = z.strictObject({
  /** Only changes older than this number: the `next` of the page before. */
  before: z.coerce.number().int().min(1).max(SEQ_MAX).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT),
  /** Only of one thing, such as `agents/analyst`. */
  resource: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}(\/[A-Za-z0-9_-]{1,64})?$/, 'must be like `agents/analyst`')
    .optional(),
  /** Only by one principal, by id. */
  principal: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the id of a principal')
    .optional(),
});

interface ChangesPage {
  items: (Omit<Change, 'at'> & { at: string })[];
  next: number | null;
}

/** Who changed what, when: newest first, with what was before and after. */
@Access('reader')
@Controller('admin/v1/tenants/:tenant/changes')
export class ChangesController {
  constructor(
    private readonly changes: ChangesPort,
    private readonly repository: PolicyRepository,
  ) {}

  @Get()
  async list(@Param('tenant') tenantName: string, @Query() query: unknown): Promise<ChangesPage> {
    const tenant = tenantFrom(tenantName);
    if (!(await this.repository.hasTenant(tenant))) throw new MeshError('NOT_FOUND', `There is no tenant ${tenant}.`);
    return pageOf(await this.changes.list(tenant, validate(ChangesQuery, query)));
  }
}

/** The same of what belongs to no tenant: admin keys and users. */
@Access('reader', { of: 'mesh' })
@Controller('admin/v1/changes')
export class MeshChangesController {
  constructor(private readonly changes: ChangesPort) {}

  @Get()
  async list(@Query() query: unknown): Promise<ChangesPage> {
    return pageOf(await this.changes.list(MESH_LOG, validate(ChangesQuery, query)));
  }
}

function pageOf({ changes, more }: { changes: Change[]; more: boolean }): ChangesPage {
  const items = changes.map((change) => ({ ...change, at: new Date(change.at).toISOString() }));
  return { items, next: more ? (items.at(-1)?.seq ?? null) : null };
}
