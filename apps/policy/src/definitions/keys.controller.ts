import { Body, Controller, Delete, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { type HttpReply, type HttpRequest, idFrom, preconditionFrom, tenantFrom } from '../admin/http.js';
import { Rotation } from '../admin-keys/admin-key.js';
import { KeyChange, NewKey } from './definition-kinds.js';
import { answerBundle, answerChange, type DefinitionView } from './definition-view.js';
import { DefinitionsService } from './definitions.service.js';
import { strictInput } from './strict-input.js';

/** What is particular to keys: they are made here, shown once, and only what is said of them can be changed. */
@Controller('admin/v1/tenants/:tenant/keys')
export class KeysController {
  constructor(private readonly definitions: DefinitionsService) {}

  @Access('admin')
  @Post()
  async create(
    @Param('tenant') tenant: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DefinitionView & { key: string }> {
    const { secret, ...changed } = await this.definitions.createKey(tenantFrom(tenant), strictInput(NewKey, body));
    return { ...answerChange(reply, 'keys', changed), key: secret };
  }

  @Access('admin')
  @Put(':id')
  async put(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers() headers: HttpRequest['headers'],
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DefinitionView> {
    const change = strictInput(KeyChange, body);
    const changed = await this.definitions.putKey(tenantFrom(tenant), idFrom(id), change, preconditionFrom(headers));
    return answerChange(reply, 'keys', changed);
  }

  @Access('admin')
  @Post(':id/rotate')
  @HttpCode(200)
  async rotate(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers() headers: HttpRequest['headers'],
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DefinitionView & { key: string }> {
    const { overlapMs } = strictInput(Rotation, body ?? {});
    const precondition = preconditionFrom(headers);
    const { secret, ...changed } = await this.definitions.rotateKey(
      tenantFrom(tenant),
      idFrom(id),
      overlapMs,
      precondition,
    );
    return { ...answerChange(reply, 'keys', changed), key: secret };
  }

  @Access('admin')
  @Delete(':id')
  @HttpCode(204)
  async remove(
    @Param('tenant') tenant: string,
    @Param('id') id: string,
    @Headers() headers: HttpRequest['headers'],
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<void> {
    answerBundle(
      reply,
      await this.definitions.remove(tenantFrom(tenant), 'keys', idFrom(id), preconditionFrom(headers)),
    );
  }
}
