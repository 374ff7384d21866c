import { AdminGrants } from '@signalbox/contracts';
import { z } from 'zod';

/** What is said of a user when it is changed. */
export const UserChange = z.object({
  /** For people to read; tokens are known by issuer and subject. */
  email: z.email().max(254).optional(),
  /** Beside what the issuer's roles grant. */
  grants: AdminGrants,
  /** Nothing is granted, whatever the token claims. */
  disabled: z.boolean().default(false),
});
export type UserChange = z.infer<typeof UserChange>;

const Name = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\p{C}]*$/u, 'must be plain text');

/** A user when it is made. */
export const NewUser = UserChange.extend({
  /** `sub` of their tokens. */
  subject: Name,
  /** `iss` of their tokens; default: the issuer of the configuration. */
  issuer: Name.optional(),
});
export type NewUser = z.infer<typeof NewUser>;

export interface User {
  /** Follows from issuer and subject. */
  id: string;
  issuer: string;
  subject: string;
  email: string | null;
  grants: z.infer<typeof AdminGrants>;
  disabled: boolean;
  updatedAt: Date;
  revision: number;
}

/** A user as the API shows it. */
export const userView = ({ updatedAt, ...user }: User) => ({ ...user, updatedAt: updatedAt.toISOString() });
export type UserView = ReturnType<typeof userView>;

/** What the log, which forgets nothing, may tell of a user. */
export const loggedUser = ({ id, grants, disabled }: User): object => ({ id, grants, disabled });
