import { Module } from '@nestjs/common';
import { CONFIG, KEYS, LOGGER, PolicyModule } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import { PolicyStore } from '@signalbox/policy-engine';
import { tenantPseudonymKey } from '@signalbox/privacy';
import type { Logger } from '@signalbox/telemetry';
import type { InferenceConfig } from '../config.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { ProvidersService } from '../providers/providers.service.js';
import { BusCallsAdapter } from './adapters/bus-calls.adapter.js';
import { CallsHandler } from './calls.handler.js';
import { CallsPort } from './calls.port.js';
import { CallsService } from './calls.service.js';

function makeCalls(
  port: CallsPort,
  providers: ProvidersService,
  policies: PolicyStore,
  keys: KeyRing,
  config: InferenceConfig,
  logger: Logger,
): CallsService {
  const master = keys.secret('pseudonym');
  return new CallsService({
    port,
    providers,
    policies,
    tenantKey: (tenant) => tenantPseudonymKey(master, tenant),
    upstreamDefault: config.providerModel,
    logger,
  });
}

@Module({
  imports: [ProvidersModule, PolicyModule],
  controllers: [CallsHandler],
  providers: [
    { provide: CallsPort, useClass: BusCallsAdapter },
    {
      provide: CallsService,
      useFactory: makeCalls,
      inject: [CallsPort, ProvidersService, PolicyStore, KEYS, CONFIG, LOGGER],
    },
  ],
})
export class CallsModule {}
