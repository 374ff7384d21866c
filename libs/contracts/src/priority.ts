import { z } from 'zod';

/** What comes first among the runs of one tenant; never before those of another. Lowest first. */
export const PRIORITIES = ['low', 'normal', 'high'] as const;
export const Priority = z.enum(PRIORITIES);
export type Priority = z.infer<typeof Priority>;
