import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { Access } from '@signalbox/access';
import { validate } from '@signalbox/kernel';
import { etagOf, type HttpReply, type HttpRequest, idFrom, PageQuery, preconditionFrom } from '../admin/http.js';
import { strictInput } from '../definitions/strict-input.js';
import { NewUser, type User, UserChange, userView, type UserView } from './user.js';
import { UsersService } from './users.service.js';

/** Users by their OIDC tokens. A user is of no tenant, so this takes an admin of all. */
@Access('admin', { of: 'mesh' })
@Controller('admin/v1/users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  async list(@Query() query: unknown): Promise<{ items: UserView[]; next: string | null }> {
    const { after, limit } = validate(PageQuery, query);
    const found = await this.users.list({ after, limit: limit + 1 });
    const items = found.slice(0, limit).map(userView);
    return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  @Get(':id')
  async get(@Param('id') id: string, @Res({ passthrough: true }) reply: HttpReply): Promise<UserView> {
    return answer(reply, await this.users.get(idFrom(id)));
  }

  @Post()
  async create(@Body() body: unknown, @Res({ passthrough: true }) reply: HttpReply): Promise<UserView> {
    return answer(reply, await this.users.create(strictInput(NewUser, body)));
  }

  @Put(':id')
  async put(
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers() headers: HttpRequest['headers'],
    @Res({ passthrough: true }) reply: HttpReply,
  ): Promise<UserView> {
    const said = strictInput(UserChange, body);
    return answer(reply, await this.users.put(idFrom(id), said, preconditionFrom(headers)));
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id') id: string, @Headers() headers: HttpRequest['headers']): Promise<void> {
    await this.users.remove(idFrom(id), preconditionFrom(headers));
  }
}

function answer(reply: HttpReply, user: User): UserView {
  reply.header('etag', etagOf(user.revision));
  return userView(user);
}
