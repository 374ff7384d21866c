import { Body, Controller, Headers, Param, Post, Put, Res, UseGuards } from '@nestjs/common';
import { AdminGuard } from '@signalbox/app-runtime';
import { type HttpReply, type HttpRequest, idFrom, preconditionFrom, tenantFrom } from '../admin/http.js';
import { KeyChange, NewKey } from './definition-kinds.js';
import { answerChange, type DefinitionView } from './definition-view.js';
import { DefinitionsService } from './definitions.service.js';
import { strictInput } from './strict-input.js';

/** What is particular to keys: they are made here, shown once, and only what is said of them can be changed. */
@UseGuards(AdminGuard)
@Controller('admin/v1/tenants/:tenant/keys')
export class KeysController {
  constructor(private readonly definitions: DefinitionsService) {}

  @Post()
  async create(
    @Param('tenant') tenant: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DefinitionView & { key: string }> {
    const { secret, ...changed } = await this.definitions.createKey(tenantFrom(tenant), strictInput(NewKey, body));
    reply.header('cache-control', 'no-store');
    return { ...answerChange(reply, 'keys', changed), key: secret };
  }

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
}
