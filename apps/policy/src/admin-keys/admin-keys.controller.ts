import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { Access, Caller } from '@signalbox/access';
import type { AdminPrincipal } from '@signalbox/contracts';
import { validate } from '@signalbox/kernel';
import { etagOf, type HttpReply, type HttpRequest, idFrom, PageQuery, preconditionFrom } from '../admin/http.js';
import { strictInput } from '../definitions/strict-input.js';
import { type AdminKey, AdminKeyBody, keyView, type KeyView, Rotation } from './admin-key.js';
import { AdminKeysService } from './admin-keys.service.js';

/** Admin keys, each shown to who is admin of all that it opens; their text is shown once. */
@Access('admin', { of: 'any' })
@Controller('admin/v1/admin-keys')
export class AdminKeysController {
  constructor(private readonly keys: AdminKeysService) {}

  @Get()
  async list(
    @Caller() caller: AdminPrincipal,
    @Query() query: unknown,
  ): Promise<{ items: KeyView[]; next: string | null }> {
    const { items, next } = await this.keys.list(caller, validate(PageQuery, query));
    return { items: items.map(keyView), next };
  }

  @Get(':id')
  async get(
    @Caller() caller: AdminPrincipal,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<KeyView> {
    return answer(reply, await this.keys.get(caller, idFrom(id)));
  }

  @Post()
  async create(
    @Caller() caller: AdminPrincipal,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<KeyView & { key: string }> {
    const { key, secret } = await this.keys.create(caller, strictInput(AdminKeyBody, body));
    return { ...answer(reply, key), key: secret };
  }

  @Put(':id')
  async put(
    @Caller() caller: AdminPrincipal,
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers() headers: HttpRequest['headers'],
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<KeyView> {
    const wanted = strictInput(AdminKeyBody, body);
    return answer(reply, await this.keys.put(caller, idFrom(id), wanted, preconditionFrom(headers)));
  }

  @Post(':id/rotate')
  @HttpCode(200)
  async rotate(
    @Caller() caller: AdminPrincipal,
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers() headers: HttpRequest['headers'],
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<KeyView & { key: string }> {
    const { overlapMs } = strictInput(Rotation, body ?? {});
    const { key, secret } = await this.keys.rotate(caller, idFrom(id), overlapMs, preconditionFrom(headers));
    return { ...answer(reply, key), key: secret };
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(
    @Caller() caller: AdminPrincipal,
    @Param('id') id: string,
    @Headers() headers: HttpRequest['headers'],
  ): Promise<void> {
    await this.keys.remove(caller, idFrom(id), preconditionFrom(headers));
  }
}

function answer(reply: HttpReply, key: AdminKey): KeyView {
  reply.header('etag', etagOf(key.revision));
  return keyView(key);
}
