import { loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const schema = {
  /** Folder in which the mesh on this machine keeps its state. */
  stateDir: z.string().min(1).default('.signalbox'),
  /** Admin key or OIDC token to call the admin APIs with; without it the admin token of the folder. */
  adminKey: z
    .string()
    .regex(/^[\x21-\x7e]{1,8192}$/, 'must be visible ASCII')
    .optional(),
};

export const config = () => loadConfig(schema);
