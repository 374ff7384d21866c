import { z } from 'zod';
import { AdminGrants, AdminPrincipal } from '../policy/admin-grant.js';

/** What the table of users says of one, beside what their token claims. */
export const UserStanding = z.object({ disabled: z.boolean(), grants: AdminGrants });
export type UserStanding = z.infer<typeof UserStanding>;

/** Null where nobody is known: of the one that was asked for. */
export const CallerV1 = z.object({ key: AdminPrincipal.nullable(), user: UserStanding.nullable() });
export type CallerV1 = z.infer<typeof CallerV1>;
