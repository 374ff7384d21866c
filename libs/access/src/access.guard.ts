import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { AdminPrincipal } from '@signalbox/contracts';
import { MeshError, newId } from '@signalbox/kernel';
import { ACCESS, type Access } from './access.decorator.js';
import type { AccessReply, AccessRequest } from './call.js';
import { Callers } from './callers.js';
import { mayEverywhere, mayIn, maySomewhere } from './roles.js';

/**
 * Lets in whom a route's `@Access` lets in. A caller without any role in a tenant is told what they would be told if it
 * did not exist; one with another role there, ROLE_DENIED.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly callers: Callers,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // What comes over the bus is sealed, and judged there.
    if (context.getType() !== 'http') return true;
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    const http = context.switchToHttp();
    const request = http.getRequest<AccessRequest>();
    const requestId = newId('areq');
    const reply = http.getResponse<AccessReply>().header('sb-request-id', requestId);
    if (access === 'public') return true;
    if (!access) throw new MeshError('ROLE_DENIED', 'Nobody may call this: it declares no role.');
    reply.header('cache-control', 'no-store');
    const principal = await this.#principal(request, reply);
    assertMay(principal, access, request.params['tenant']);
    request.call = { principal, requestId };
    return true;
  }

  async #principal({ headers }: AccessRequest, reply: AccessReply): Promise<AdminPrincipal> {
    try {
      return await this.callers.identify(headers['authorization']);
    } catch (error) {
      if (error instanceof MeshError && error.httpStatus === 401) reply.header('www-authenticate', 'Bearer');
      throw error;
    }
  }
}

function assertMay(
  principal: AdminPrincipal,
  { role, of }: Exclude<Access, 'public'>,
  tenant: string | undefined,
): void {
  if (of === 'tenant') {
    if (tenant === undefined || !mayIn(principal, 'reader', tenant))
      throw new MeshError('NOT_FOUND', 'There is no such tenant.');
    if (mayIn(principal, role, tenant)) return;
  } else if (of === 'any' ? maySomewhere(principal, role) : mayEverywhere(principal, role)) return;
  const where = { tenant: 'in this tenant', any: 'in any tenant', mesh: 'in all tenants' }[of];
  throw new MeshError('ROLE_DENIED', `This takes the role ${role} ${where}.`, { details: { role } });
}
