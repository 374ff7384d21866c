import { All, Controller, Req, Res } from '@nestjs/common';
import { MeshError } from '@signalbox/kernel';
import { Public } from './access.decorator.js';
import type { AccessReply, AccessRequest } from './call.js';
import { RouteTable } from './route-table.js';

/** What no route takes: METHOD_NOT_ALLOWED with `Allow` where the path is there for other methods, else ROUTE_UNKNOWN. */
@Controller()
export class UnknownRouteController {
  constructor(private readonly table: RouteTable) {}

  @Public()
  @All('*')
  refuse(@Req() { url, method }: AccessRequest, @Res({ passthrough: true }) reply: AccessReply): never {
    const allowed = this.table.methodsOf(url.split('?')[0] ?? '');
    if (allowed.length === 0) throw new MeshError('ROUTE_UNKNOWN', 'There is no such path.');
    reply.header('allow', allowed.join(', '));
    throw new MeshError('METHOD_NOT_ALLOWED', `This path does not take ${method}.`, { details: { allowed } });
  }
}
