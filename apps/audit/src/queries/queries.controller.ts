import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { RUN_STATUSES, RunId, TenantId, Token } from '@signalbox/contracts';
import { validate } from '@signalbox/kernel';
import type { Replay } from '@signalbox/run-engine';
import { z } from 'zod';
import type { Pace } from '../archive/archive-pace.js';
import { ArchiveService } from '../archive/archive.service.js';
import type { ArchivedRun } from '../archive/entities/archived-run.entity.js';
import { COST_KEYS, type CostRow, type Page } from './queries.port.js';
import { QueriesService, type StoryLine, type Verification, type VerificationOfOne } from './queries.service.js';

/** Digits alone: `Number` would also take nothing, spaces, 1e3 and 0x10. */
const Whole = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);
const limit = (most: number, otherwise: number) => Whole.pipe(z.number().min(1).max(most)).default(otherwise);
/** `<ms>.<run>`, as `next` gives it. */
const Cursor = z
  .string()
  .transform((text) => text.split('.'))
  .pipe(z.tuple([Whole, RunId]))
  .transform(([acceptedAt, runId]) => ({ acceptedAt, runId }));

const ListQuery = z.strictObject({
  limit: limit(500, 50),
  before: Whole.optional(),
  after: Cursor.optional(),
  status: z.enum(RUN_STATUSES).optional(),
  agent: Token.optional(),
  user: Token.optional(),
});
/** A run is read and hashed whole, so a page takes its time: seconds for a thousand. */
const VerifyQuery = z.strictObject({ limit: limit(20_000, 20_000), after: RunId.optional() });
/** Up to and with the entry of that sequence, or up to the end of that step. */
const ReplayQuery = z
  .strictObject({ to: Whole.optional(), step: Whole.optional() })
  .refine(({ to, step }) => to === undefined || step === undefined, 'takes either to or step');
const CostQuery = z.strictObject({ by: z.enum(COST_KEYS).default('agent'), since: Whole.default(0) });

/** The archive over REST, for people and tools with the role of a reader. */
@Controller('audit/v1/tenants/:tenant')
export class QueriesController {
  constructor(@Inject(QueriesService) private readonly queries: QueriesService) {}

  @Access('reader')
  @Get('runs')
  runs(@Param('tenant') tenant: string, @Query() query: unknown): Promise<Page<ArchivedRun>> {
    const { user, ...filter } = validate(ListQuery, query);
    return this.queries.runs(validate(TenantId, tenant), { ...filter, userId: user });
  }

  @Access('reader')
  @Get('runs/:run')
  run(
    @Param('tenant') tenant: string,
    @Param('run') run: string,
  ): Promise<{ run: ArchivedRun; story: StoryLine[]; entries: unknown[] }> {
    return this.queries.run(validate(TenantId, tenant), validate(RunId, run));
  }

  @Access('reader')
  @Get('runs/:run/replay')
  replay(@Param('tenant') tenant: string, @Param('run') run: string, @Query() query: unknown): Promise<Replay> {
    const { to, step } = validate(ReplayQuery, query);
    return this.queries.replay(validate(TenantId, tenant), validate(RunId, run), { seq: to, step });
  }

  @Access('reader')
  @Get('runs/:run/verify')
  async verify(@Param('tenant') tenant: string, @Param('run') run: string): Promise<{ data: VerificationOfOne[] }> {
    return { data: [await this.queries.verify(validate(TenantId, tenant), validate(RunId, run))] };
  }

  @Access('reader')
  @Get('verify')
  verifyAll(@Param('tenant') tenant: string, @Query() query: unknown): Promise<Page<Verification>> {
    const { limit: most, after } = validate(VerifyQuery, query);
    return this.queries.verifyAll(validate(TenantId, tenant), most, after);
  }

  @Access('reader')
  @Get('cost')
  async cost(@Param('tenant') tenant: string, @Query() query: unknown): Promise<{ data: CostRow[] }> {
    const { by, since } = validate(CostQuery, query);
    return { data: await this.queries.cost(validate(TenantId, tenant), by, since) };
  }
}

/** The archive itself: of no tenant. */
@Controller('audit/v1/archive')
export class ArchiveController {
  constructor(@Inject(ArchiveService) private readonly archive: ArchiveService) {}

  @Access('reader', { of: 'mesh' })
  @Get()
  pace(): { data: Pace[] } {
    return { data: this.archive.pace() };
  }
}
