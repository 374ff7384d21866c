import 'reflect-metadata';
import { type DynamicModule, Global, type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { type AbstractHttpAdapter, APP_FILTER, NestFactory } from '@nestjs/core';
import { Bus, KeyRing } from '@signalbox/bus';
import { ACCOUNT_SERVICES, type AccountName, ACCOUNTS, type ServiceName } from '@signalbox/contracts';
import { MeshError, parseJson } from '@signalbox/kernel';
import { createLogger, type Logger } from '@signalbox/telemetry';
import { HealthServer } from './health-server.js';
import { JetStreamStrategy } from './jetstream.strategy.js';
import { type ErrorBody, MeshExceptionFilter, problemBody } from './mesh-exception.filter.js';
import { NestLogger } from './nest-logger.js';
import { CONFIG, CORE_BUS, GATE_BUS, KEYS, LOGGER } from './tokens.js';

export interface ServiceConfig {
  natsUrl: string;
  keysDir: string;
  stateDir: string;
  listenHost: string;
  healthPort: number;
  logLevel: string;
  drainMs: number;
}

export interface HttpOptions {
  port: number;
  /** Largest request body, bytes. */
  bodyBytesMax: number;
  errorBody?: ErrorBody;
}

export interface ServiceOptions<C extends ServiceConfig> {
  service: ServiceName;
  config: C;
  module: Type;
  /** Only for the services with an HTTP face. */
  http?: HttpOptions;
}

type Buses = Partial<Record<AccountName, Bus>>;

@Global()
@Module({})
class RuntimeModule {
  static with(config: ServiceConfig, buses: Buses, logger: Logger, errorBody: ErrorBody): DynamicModule {
    const values = [
      { provide: CONFIG, useValue: config },
      { provide: LOGGER, useValue: logger },
      { provide: KEYS, useValue: KeyRing.load(config.keysDir) },
      { provide: CORE_BUS, useValue: buses.CORE },
      { provide: GATE_BUS, useValue: buses.GATE },
    ];
    const filter = { provide: APP_FILTER, useValue: new MeshExceptionFilter(logger, errorBody) };
    return { module: RuntimeModule, providers: [...values, filter], exports: values.map((value) => value.provide) };
  }
}

@Module({})
class RootModule {
  static with(...imports: (DynamicModule | Type)[]): DynamicModule {
    return { module: RootModule, imports };
  }
}

/**
 * Starts a service: health first, then the bus, then Nest; stops it in reverse on SIGTERM, SIGINT or when the
 * parent goes away. A fault that nobody caught ends the process: what it held is redelivered elsewhere.
 */
export async function runService<C extends ServiceConfig>(options: ServiceOptions<C>): Promise<void> {
  const { service, config } = options;
  const logger = createLogger({ service, level: config.logLevel });
  const buses: Buses = {};
  const started = { app: undefined as INestApplicationContext | undefined };
  const health = new HealthServer({ ready: () => readiness(buses, started.app !== undefined) });
  const stop = stopper(logger, config.drainMs, health, started, buses);
  try {
    await health.listen(config.listenHost, config.healthPort);
    for (const account of ACCOUNTS) {
      if (!ACCOUNT_SERVICES[account].includes(service)) continue;
      buses[account] = await Bus.connect({ service, account, url: config.natsUrl, keysDir: config.keysDir, logger });
    }
    started.app = await startNest(options, buses, logger);
    logger.info({ healthPort: config.healthPort }, 'ready');
  } catch (error) {
    logger.fatal({ err: error }, 'could not start');
    await stop('failed to start', 1);
  }
}

async function startNest<C extends ServiceConfig>(options: ServiceOptions<C>, buses: Buses, logger: Logger): Promise<INestApplicationContext> {
  const { config, http } = options;
  const strategy = new JetStreamStrategy({ buses, config, logger, drainMs: config.drainMs });
  const root = RootModule.with(RuntimeModule.with(config, buses, logger, http?.errorBody ?? problemBody), options.module);
  const nestOptions = { logger: new NestLogger(logger), abortOnError: false } as const;
  if (!http) {
    const app = await NestFactory.createMicroservice(root, { strategy, ...nestOptions });
    await app.listen();
    return app;
  }
  const app = await NestFactory.create(root, await fastify(http), { ...nestOptions, bodyParser: false });
  app.connectMicroservice({ strategy }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.listen(http.port, config.listenHost);
  return app;
}

/** Bodies are JSON in valid UTF-8 or refused; Fastify's own parser would let broken text through. */
async function fastify(http: HttpOptions): Promise<AbstractHttpAdapter> {
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const adapter = new FastifyAdapter({ bodyLimit: http.bodyBytesMax, forceCloseConnections: true });
  adapter.getInstance().addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : parseJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  return adapter;
}

async function readiness(buses: Buses, started: boolean): Promise<{ ok: boolean; why?: string }> {
  if (!started) return { ok: false, why: 'starting' };
  for (const bus of Object.values(buses)) {
    const state = await bus.health();
    if (!state.ok) return state;
  }
  return { ok: true };
}

function stopper(
  logger: Logger,
  drainMs: number,
  health: HealthServer,
  started: { app: INestApplicationContext | undefined },
  buses: Buses,
): (why: string, exitCode: number) => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = async (why: string, exitCode: number): Promise<void> => {
    logger.info({ why }, 'stopping');
    health.drain();
    setTimeout(() => process.exit(exitCode || 1), drainMs + 2_000).unref();
    await started.app?.close().catch((error: unknown) => logger.error({ err: error }, 'Nest did not close cleanly'));
    await Promise.all(Object.values(buses).map((bus) => bus.drain(1_000).catch(() => undefined)));
    health.close();
    process.exit(exitCode);
  };
  const once = (why: string, exitCode: number): Promise<void> => (stopping ??= stop(why, exitCode));
  process.on('SIGTERM', () => void once('SIGTERM', 0));
  process.on('SIGINT', () => void once('SIGINT', 0));
  process.on('disconnect', () => void once('the parent is gone', 0));
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: MeshError.from(error) }, 'uncaught');
    void once('uncaught exception', 1);
  });
  process.on('unhandledRejection', (error) => {
    logger.fatal({ err: MeshError.from(error) }, 'unhandled');
    void once('unhandled rejection', 1);
  });
  return once;
}
