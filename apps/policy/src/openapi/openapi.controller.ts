import { Controller, Get } from '@nestjs/common';
import { Public, RouteTable } from '@signalbox/access';
import { describedAccess } from './described-access.js';
import { policyOpenApi } from './policy-openapi.js';

/** The description of this API; it holds nothing secret and asks for no token. */
@Controller('admin/v1')
export class OpenApiController {
  #document: unknown;

  constructor(private readonly table: RouteTable) {}

  @Public()
  @Get('openapi.json')
  document(): unknown {
    return (this.#document ??= describedAccess(policyOpenApi(), this.table.routes));
  }
}
