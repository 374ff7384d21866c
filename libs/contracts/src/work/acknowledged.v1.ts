import { z } from 'zod';

/** It is done, or stored so that it will be; what failed comes as an error instead. */
export const AcknowledgedV1 = z.object({ ok: z.literal(true) });
export type AcknowledgedV1 = z.infer<typeof AcknowledgedV1>;
