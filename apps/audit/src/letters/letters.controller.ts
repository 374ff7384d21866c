import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { Access, Caller } from '@signalbox/access';
import { type AdminPrincipal, LetterKey, TenantId, Token } from '@signalbox/contracts';
import { validate } from '@signalbox/kernel';
import { z } from 'zod';
import { ZONES } from './letters.port.js';
import { type Letter, LettersService, type Outcome } from './letters.service.js';
import { MARKS } from './marks.port.js';

const ACTED_ON_MAX = 100;

const Whole = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);
/** `<zone>-<sequence>-<print>` */
const LetterId = z
  .string()
  .regex(/^(core|gate)-\d{1,15}-[0-9a-z]{8}$/, 'must be the id of a letter')
  .transform((id) => id.split('-'))
  .transform(([zone, seq, print]) => ({ zone, seq: Number(seq), print }))
  .pipe(LetterKey.extend({ zone: z.enum(ZONES) }));

const ListQuery = z.strictObject({
  zone: z.enum(ZONES).default('core'),
  state: z.enum(['open', ...MARKS]).optional(),
  stream: Token.optional(),
  consumer: Token.optional(),
  code: Token.optional(),
  after: Whole.default(0),
  limit: Whole.pipe(z.number().min(1).max(200)).default(50),
});
const Acted = z.strictObject({
  ids: z.array(LetterId).min(1).max(ACTED_ON_MAX),
  /** Who does it, for the record: the owner's word, since the admin token may have several hands. */
  by: Token.optional(),
});

/** Dead letters over REST, for people and tools with a role. */
@Controller('audit/v1/tenants/:tenant/letters')
export class LettersController {
  constructor(@Inject(LettersService) private readonly letters: LettersService) {}

  /** A page may hold fewer letters than asked for and still name a next one. */
  @Access('reader')
  @Get()
  list(@Param('tenant') tenant: string, @Query() query: unknown): Promise<{ data: Letter[]; next: string | null }> {
    return this.letters.list(validate(TenantId, tenant), validate(ListQuery, query));
  }

  @Access('reader')
  @Get(':id')
  show(@Param('tenant') tenant: string, @Param('id') id: string): Promise<{ letter: Letter; view: unknown }> {
    return this.letters.show(validate(TenantId, tenant), validate(LetterId, id));
  }

  @Access('admin')
  @Post('replay')
  @HttpCode(200)
  async replay(
    @Caller() caller: AdminPrincipal,
    @Param('tenant') tenant: string,
    @Body() body: unknown,
  ): Promise<{ data: Outcome[] }> {
    const { ids, by } = validate(Acted, body);
    return { data: await this.letters.act(validate(TenantId, tenant), 'replay', ids, actorOf(caller, by)) };
  }

  @Access('admin')
  @Post('discard')
  @HttpCode(200)
  async discard(
    @Caller() caller: AdminPrincipal,
    @Param('tenant') tenant: string,
    @Body() body: unknown,
  ): Promise<{ data: Outcome[] }> {
    const { ids, by } = validate(Acted, body);
    return { data: await this.letters.act(validate(TenantId, tenant), 'discard', ids, actorOf(caller, by)) };
  }
}

/** Whoever has a key or a token of their own is written down by it. */
const actorOf = ({ id, kind }: AdminPrincipal, by: string | undefined): string => (kind === 'owner' ? (by ?? id) : id);
