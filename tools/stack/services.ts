/** The mesh's own processes, in the order that gets them up soonest. Each can start without the others. */
export const SERVICES = [
  'simulator',
  'policy',
  'guard',
  'memory',
  'audit',
  'inference',
  'tool-runner',
  'router',
  'gateway',
] as const;

export type ServiceName = (typeof SERVICES)[number];

/** Services with an HTTP face beside their health endpoint, and the port each takes when it is free. */
export const HTTP_PORTS: Partial<Record<ServiceName, number>> = {
  gateway: 7410,
  policy: 7411,
  audit: 7412,
  simulator: 7420,
};
export const NATS_PORT = 7422;
export const POSTGRES_PORT = 7432;

/** Postgres schema, and role of the same name, that a service owns. */
export const SCHEMAS: Partial<Record<ServiceName, string>> = { guard: 'privacy', policy: 'policy', audit: 'audit' };
