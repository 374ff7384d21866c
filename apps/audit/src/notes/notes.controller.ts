import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { TenantId, Token } from '@signalbox/contracts';
import { validate } from '@signalbox/kernel';
import { z } from 'zod';
import type { Note } from '../archive/entities/note.entity.js';
import { NotesPort } from './notes.port.js';

const Digits = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);
const KINDS_MAX = 16;
const NotesQuery = z.strictObject({
  /** By comma; absent: all. */
  kind: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(Token).min(1).max(KINDS_MAX))
    .optional(),
  /** Only notes of before, ms since 1970. */
  before: Digits.default(Number.MAX_SAFE_INTEGER),
  limit: Digits.pipe(z.number().min(1).max(500)).default(50),
});

type Shown = Pick<Note, 'kind' | 'service' | 'facts' | 'at'>;

/** What services said of things that belong to no run: refused bundles, incidents, published policies. */
@Controller('audit/v1/tenants/:tenant/notes')
export class NotesController {
  constructor(@Inject(NotesPort) private readonly notes: NotesPort) {}

  /** Newest first. */
  @Access('reader')
  @Get()
  async list(@Param('tenant') tenant: string, @Query() query: unknown): Promise<{ data: Shown[] }> {
    const { kind: kinds, before, limit } = validate(NotesQuery, query);
    const found = await this.notes.list(validate(TenantId, tenant), { kinds, before, limit });
    return { data: found.map(({ kind, service, facts, at }) => ({ kind, service, facts, at })) };
  }
}
