import { z } from 'zod';
import { caller } from './caller.js';

export const AuthRequestV1 = z.object(caller);
export type AuthRequestV1 = z.infer<typeof AuthRequestV1>;
