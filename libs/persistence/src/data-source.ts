import { MeshError } from '@signalbox/kernel';
import {
  AbstractLogger,
  DataSource,
  type EntitySchema,
  type LogLevel,
  type LogMessage,
  type MigrationInterface,
} from 'typeorm';

/** Where database trouble is told; pino has this shape. */
export interface DatabaseLogger {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

// TypeORM asks for constructors of any shape.
type EntityClass = (new () => object) | EntitySchema;

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** Schema of this service alone; made if the user may and it is not there. Without it: the user's own search path. */
  schema?: string | undefined;
  entities: readonly EntityClass[];
  /** Classes whose names end in a timestamp, oldest first. */
  migrations: readonly (new () => MigrationInterface)[];
  /** Shown in the server's list of connections. */
  applicationName?: string | undefined;
  /** Connections at once, default 8. Further users wait for `connectTimeoutMs`. */
  poolMax?: number | undefined;
  /** Wait for a connection, new or from the pool; default 5 s. */
  connectTimeoutMs?: number | undefined;
  /** Longest statement, and longest pause inside a transaction; default 15 s. */
  statementTimeoutMs?: number | undefined;
  logger?: DatabaseLogger | undefined;
}

export const CONNECT_TIMEOUT_MS = 5_000;
const POOL_MAX = 8;
const STATEMENT_TIMEOUT_MS = 15_000;
const IDLE_CONNECTION_MS = 30_000;

/** A data source that is not connected yet. Most callers want `Database`, which also waits, migrates and words errors. */
export function createDataSource(options: DatabaseOptions): DataSource {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  return new DataSource({
    type: 'postgres',
    url: options.url,
    entities: [...options.entities],
    migrations: [...options.migrations],
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    applicationName: options.applicationName ?? 'signalbox',
    poolSize: options.poolMax ?? POOL_MAX,
    connectTimeoutMS: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    installExtensions: false,
    logger: new TypeOrmLogger(options.logger),
    poolErrorHandler: (error: unknown) => options.logger?.warn({ err: error }, 'an idle database connection broke'),
    extra: {
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs,
      // The server's own limits do not help when it is the network that went away.
      query_timeout: statementTimeoutMs + 1_000,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      keepAlive: true,
      ...(options.schema === undefined ? {} : { options: `-c search_path=${schemaName(options.schema)}` }),
    },
  });
}

/** A schema's name is also put into SQL text, so it is held to what needs no quotes. */
export function schemaName(name: string): string {
  if (/^[a-z][a-z0-9_]{0,62}$/.test(name)) return name;
  throw new MeshError('CONFIG_INVALID', 'A database schema is named by 1–63 of a–z 0–9 _, starting with a letter.');
}

/** Passes on warnings and failures, never a statement's parameters: they may hold personal data. */
class TypeOrmLogger extends AbstractLogger {
  constructor(private readonly sink: DatabaseLogger | undefined) {
    super(['warn']);
  }

  protected writeLog(level: LogLevel, message: LogMessage | string | number | (LogMessage | string | number)[]): void {
    if (level !== 'warn') return;
    const text = this.prepareLogMessages(message, { appendParameterAsComment: false })
      .map((part) => (typeof part === 'object' ? String(part.message) : String(part)))
      .join(' ');
    this.sink?.warn({ text: text.slice(0, 500) }, 'the database library warns');
  }
}
