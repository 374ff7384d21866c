import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { MeshError, validate } from '@signalbox/kernel';
import { z } from 'zod';
import {
  etagOf,
  type HttpReply,
  type HttpRequest,
  idFrom,
  PageQuery,
  preconditionFrom,
  tenantFrom,
} from '../admin/http.js';
import { strictInput } from '../definitions/strict-input.js';
import { ScheduleBody, SchedulesService } from './schedules.service.js';
import { type ScheduleView, viewOf } from './schedule-view.js';

/** How many due times to tell. */
export const UpcomingQuery = z.strictObject({ count: z.coerce.number().int().min(1).max(50).default(5) });

/** Standing orders of a tenant to start runs. They are no part of its bundle: the guard looks at each firing anew. */
@Controller('admin/v1/tenants/:tenant/schedules')
export class SchedulesController {
  constructor(private readonly schedules: SchedulesService) {}

  @Access('reader')
  @Get()
  async list(
    @Param('tenant') tenant: string,
    @Query() query: unknown,
  ): Promise<{ items: ScheduleView[]; next: string | null }> {
    const { after, limit } = validate(PageQuery, query);
    const found = await this.schedules.list(tenantFrom(tenant), { after, limit: limit + 1 });
    const items = found.slice(0, limit).map(viewOf);
    return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  @Access('reader')
  @Get(':id')
  async get(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<ScheduleView> {
    const stored = await this.schedules.get(tenantFrom(tenant), idFrom(id));
    reply.header('etag', etagOf(stored.revision));
    return viewOf(stored);
  }

  @Access('reader')
  @Get(':id/upcoming')
  async upcoming(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Query() query: unknown,
  ): Promise<{ items: string[] }> {
    const { count } = validate(UpcomingQuery, query);
    const found = await this.schedules.upcoming(tenantFrom(tenant), idFrom(id), count);
    return { items: found.map((at) => new Date(at).toISOString()) };
  }

  @Access('author')
  @Put(':id')
  async put(
    @Param('tenant') tenant: string,
    @Param('id') idName: string,
    @Body() body: unknown,
    @Headers() headers: HttpRequest['headers'],
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<ScheduleView> {
    const id = idFrom(idName);
    const wanted = strictInput(ScheduleBody, body);
    if (wanted.id !== id)
      throw new MeshError('REQUEST_INVALID', `id: must be ${id}, as in the path`, { details: { fields: ['id'] } });
    const { stored, created } = await this.schedules.put(tenantFrom(tenant), wanted, preconditionFrom(headers));
    if (created) reply.code(201);
    reply.header('etag', etagOf(stored.revision));
    return viewOf(stored);
  }

  @Access('author')
  @Post(':id/enable')
  @HttpCode(200)
  async enable(@Param('tenant') tenant: string, @Param('id') id: string): Promise<ScheduleView> {
    return viewOf(await this.schedules.turn(tenantFrom(tenant), idFrom(id), true));
  }

  @Access('author')
  @Post(':id/disable')
  @HttpCode(200)
  async disable(@Param('tenant') tenant: string, @Param('id') id: string): Promise<ScheduleView> {
    return viewOf(await this.schedules.turn(tenantFrom(tenant), idFrom(id), false));
  }

  @Access('author')
  @Delete(':id')
  @HttpCode(204)
  async remove(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Headers() headers: HttpRequest['headers'],
  ): Promise<void> {
    await this.schedules.remove(tenantFrom(tenant), idFrom(id), preconditionFrom(headers));
  }
}
