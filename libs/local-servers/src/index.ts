export { type Child, type ChildExit, type ChildOptions, readLines, startChild } from './child.js';
export { childEnvironment, type Machine, readMachine, repositoryRoot, testRunDir } from './config.js';
export { freePort } from './free-port.js';
export { LocalServerError } from './local-server.error.js';
export { type NatsServerOptions, startNatsServer, stopNatsServer } from './nats.js';
export { type Postgres, type PostgresOptions, startPostgresServer } from './postgres.js';
export { canConnect, createOwnedSchema, dropOwnedSchema, queryOnce } from './postgres-admin.js';
export { waitFor, type WaitOptions } from './wait-for.js';
export { Watchdog } from './watchdog.js';
