import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { AdminRole } from '@signalbox/contracts';
import { type AccessRequest, callerOf } from './call.js';

/**
 * How to add a route to an admin API:
 * 1. Put `@Access(role)` on its handler, or on the controller for all of them; a handler's own one wins. A route
 *    without one is refused at boot. Roles: reader (reads), approver (answers questions and seconds changes), author
 *    (writes policy), admin (keys, users, limits).
 * 2. Its path has `:tenant`; the guard has then seen that the caller has the role there. A route of no tenant says
 *    `{ of: 'any' }` (the handler itself shows no more than `@Caller()` may see) or `{ of: 'mesh' }` (all tenants).
 * 3. Describe it in the OpenAPI document, and add its line to the table of the authorisation fuzz
 *    (`apps/policy/src/fuzz/route-table.fixture.ts`): the spec fails until both agree with the decorator.
 */
export type Access = { role: AdminRole; of: 'tenant' | 'any' | 'mesh' } | 'public';

export const ACCESS = 'signalbox:access';

/** Who may call: whoever has the role in the tenant of the path, in any tenant, or in the whole mesh. */
export function Access(role: AdminRole, { of = 'tenant' }: { of?: 'tenant' | 'any' | 'mesh' } = {}) {
  return SetMetadata<string, Access>(ACCESS, { role, of });
}

/** Asks for no credentials: only what may be known to everybody. */
export function Public() {
  return SetMetadata<string, Access>(ACCESS, 'public');
}

/** The principal that calls. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext) =>
  callerOf(context.switchToHttp().getRequest<AccessRequest>()),
);
