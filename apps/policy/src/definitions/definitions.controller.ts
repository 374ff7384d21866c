import { Body, Controller, Delete, Get, Headers, Param, Put, Query, Res } from '@nestjs/common';
import { MeshError, validate } from '@signalbox/kernel';
import { Access } from '@signalbox/access';
import {
  etagOf,
  type HttpReply,
  type HttpRequest,
  idFrom,
  kindFrom,
  PageQuery,
  preconditionFrom,
  tenantFrom,
} from '../admin/http.js';
import { definitionFrom } from './definition-kinds.js';
import { answerBundle, answerChange, type DefinitionView, pageOf, viewOf } from './definition-view.js';
import { CedarPoliciesService } from '../cedar/cedar-policies.service.js';
import { DefinitionsService } from './definitions.service.js';

/** Agents, tools, rules, policies and models of a tenant; keys too, but for what `KeysController` does. */
@Controller('admin/v1/tenants/:tenant')
export class DefinitionsController {
  constructor(
    private readonly definitions: DefinitionsService,
    private readonly cedar: CedarPoliciesService,
  ) {}

  @Access('reader')
  @Get(':kind')
  async list(
    @Param('tenant') tenant: string,
    @Param('kind') kindName: string,
    @Query() query: unknown,
  ): Promise<object> {
    const kind = kindFrom(kindName);
    const { after, limit } = validate(PageQuery, query);
    return pageOf(kind, await this.definitions.list(tenantFrom(tenant), kind, { after, limit: limit + 1 }), limit);
  }

  @Access('reader')
  @Get(':kind/:id')
  async get(
    @Param('tenant') tenant: string,
    @Param('kind') kindName: string,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DefinitionView> {
    const kind = kindFrom(kindName);
    const stored = await this.definitions.get(tenantFrom(tenant), kind, idFrom(id));
    reply.header('etag', etagOf(stored.revision));
    return viewOf(kind, stored);
  }

  @Access('author')
  @Put(':kind/:id')
  async put(
    @Param('tenant') tenant: string,
    @Param('kind') kindName: string,
    @Param('id') idName: string,
    @Body() body: unknown,
    @Headers() headers: HttpRequest['headers'],
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<DefinitionView> {
    const kind = kindFrom(kindName);
    const id = idFrom(idName);
    if (kind === 'keys') throw new MeshError('ROUTE_UNKNOWN', 'Keys are put by their own handler.');
    const definition = kind === 'policies' ? this.cedar.author(id, body) : definitionFrom(kind, id, body);
    const precondition = preconditionFrom(headers);
    return answerChange(
      reply,
      kind,
      await this.definitions.put(tenantFrom(tenant), kind, id, definition, precondition),
    );
  }

  @Access('author')
  @Delete(':kind/:id')
  async remove(
    @Param('tenant') tenant: string,
    @Param('kind') kindName: string,
    @Param('id') id: string,
    @Headers() headers: HttpRequest['headers'],
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<void> {
    const kind = kindFrom(kindName);
    if (kind === 'keys') throw new MeshError('ROUTE_UNKNOWN', 'Keys are removed by their own handler.');
    const removed = await this.definitions.remove(tenantFrom(tenant), kind, idFrom(id), preconditionFrom(headers));
    answerBundle(reply.code(204), removed);
  }
}
