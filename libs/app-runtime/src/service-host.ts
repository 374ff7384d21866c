import 'reflect-metadata';
import { type DynamicModule, Global, type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { Bus, KeyRing } from '@signalbox/bus';
import { ACCOUNT_SERVICES, type AccountName, ACCOUNTS, type ServiceName } from '@signalbox/contracts';
import { createLogger, type Logger } from '@signalbox/telemetry';
import { HealthServer } from './health-server.js';
import { httpAdapter } from './http-adapter.js';
import { JetStreamStrategy } from './jetstream.strategy.js';
import { type ErrorBody, MeshExceptionFilter, problemBody } from './mesh-exception.filter.js';
import { Readiness } from './readiness.js';
import { NestLogger } from './nest-logger.js';
import { CONFIG, CORE_BUS, GATE_BUS, KEYS, LOGGER } from './tokens.js';

/** For the last publishes, once nothing runs any more, ms. */
const BUS_DRAIN_MS = 1_000;

export interface ServiceConfig {
  natsUrl: string;
  keysDir: string;
  stateDir: string;
  listenHost: string;
  healthPort: number;
  logLevel: string;
  drainMs: number;
  /** Of services that write journals: false while release 0.1 reads them. */
  compactEntries?: boolean;
}

export interface HttpOptions {
  /** 0: any free one. */
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
  /** Whether entries that are signed at one moment share a signature; default yes. */
  sealsTogether?: boolean;
}

type Buses = Partial<Record<AccountName, Bus>>;

@Global()
@Module({})
class RuntimeModule {
  static with(
    options: ServiceOptions<ServiceConfig>,
    buses: Buses,
    logger: Logger,
    readiness: Readiness,
  ): DynamicModule {
    const { config, http } = options;
    const errorBody = http?.errorBody ?? problemBody;
    const values = [
      { provide: CONFIG, useValue: config },
      { provide: LOGGER, useValue: logger },
      { provide: KEYS, useValue: KeyRing.load(config.keysDir) },
      { provide: CORE_BUS, useValue: buses.CORE },
      { provide: GATE_BUS, useValue: buses.GATE },
      { provide: Readiness, useValue: readiness },
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

/** A service inside a process: health first, then the bus, then Nest; stopped in reverse. */
export class ServiceHost<C extends ServiceConfig> {
  readonly logger: Logger;
  readonly #health = new HealthServer({
    ready: async () => ({ ...(await this.#readiness()), ...this.#said.details() }),
  });
  readonly #buses: Buses = {};
  readonly #said = new Readiness();
  #app: INestApplicationContext | undefined;
  #closing: Promise<void> | undefined;

  constructor(private readonly options: ServiceOptions<C>) {
    const { service, config } = options;
    this.logger = createLogger({ service, level: config.logLevel });
  }

  /** Waits for the bus as long as that takes. What fails is thrown, and `close` still has to be called. */
  async start(): Promise<void> {
    const { service, config, sealsTogether = true } = this.options;
    await this.#health.listen(config.listenHost, config.healthPort);
    for (const account of ACCOUNTS) {
      if (!ACCOUNT_SERVICES[account].includes(service)) continue;
      const { natsUrl: url, keysDir, compactEntries: bodiesByRun = true } = config;
      const options = { service, account, url, keysDir, logger: this.logger, sealsTogether, bodiesByRun };
      this.#buses[account] = await Bus.connect(options);
    }
    this.#app = await startNest(this.options, this.#buses, this.logger, this.#said);
    this.logger.info({ healthPort: config.healthPort }, 'ready');
  }

  /** Not ready from now on; work is drained, Nest closed, the bus drained. Also after a start that failed. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#health.drain();
    await this.#app?.close().catch((error: unknown) => this.logger.error({ err: error }, 'Nest did not close cleanly'));
    await Promise.all(Object.values(this.#buses).map((bus) => bus.drain(BUS_DRAIN_MS).catch(() => undefined)));
    this.#health.close();
  }

  async #readiness(): Promise<{ ok: boolean; why?: string }> {
    if (!this.#app) return { ok: false, why: 'starting' };
    for (const bus of Object.values(this.#buses)) {
      const state = await bus.health();
      if (!state.ok) return state;
    }
    return this.#said.state();
  }
}

/** Starts a service inside this process; it neither heeds signals nor ends the process. For tests and embedding. */
export async function startService<C extends ServiceConfig>(
  options: ServiceOptions<C>,
): Promise<{ close(): Promise<void> }> {
  const host = new ServiceHost(options);
  try {
    await host.start();
  } catch (error) {
    await host.close();
    throw error;
  }
  return { close: () => host.close() };
}

async function startNest<C extends ServiceConfig>(
  options: ServiceOptions<C>,
  buses: Buses,
  logger: Logger,
  readiness: Readiness,
): Promise<INestApplicationContext> {
  const { config, http } = options;
  const strategy = new JetStreamStrategy({ buses, config, logger, drainMs: config.drainMs });
  const runtime = RuntimeModule.with(options, buses, logger, readiness);
  const root = RootModule.with(runtime, options.module);
  const nestOptions = { logger: new NestLogger(logger), abortOnError: false } as const;
  if (!http) {
    const app = await NestFactory.createMicroservice(root, { strategy, ...nestOptions });
    await app.listen();
    return app;
  }
  const adapter = await httpAdapter({ bodyBytesMax: http.bodyBytesMax, errorBody: http.errorBody ?? problemBody });
  const app = await NestFactory.create(root, adapter, { ...nestOptions, bodyParser: false });
  app.connectMicroservice({ strategy }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.listen(http.port, config.listenHost);
  return app;
}
