import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, LOGGER } from '@signalbox/app-runtime';
import type { Logger } from '@signalbox/telemetry';
import type { InferenceConfig } from '../config.js';
import { OpenAiCompatibleProvider } from './adapters/openai-compatible.provider.js';
import { ProvidersService } from './providers.service.js';

function makeProviders(config: InferenceConfig, logger: Logger): ProvidersService {
  const provider = new OpenAiCompatibleProvider({
    name: config.providerName,
    url: config.providerUrl,
    key: config.providerKey,
    connectionsMax: config.slots,
    connectTimeoutMs: config.connectTimeoutMs,
    firstByteTimeoutMs: config.firstByteTimeoutMs,
    idleTimeoutMs: config.idleTimeoutMs,
    answerBytesMax: config.answerBytesMax,
  });
  return new ProvidersService([provider], config, (name, state) =>
    logger.warn({ provider: name, state }, 'the breaker of a provider changed'),
  );
}

@Module({
  providers: [{ provide: ProvidersService, useFactory: makeProviders, inject: [CONFIG, LOGGER] }],
  exports: [ProvidersService],
})
export class ProvidersModule implements OnApplicationShutdown {
  constructor(@Inject(ProvidersService) private readonly providers: ProvidersService) {}

  async onApplicationShutdown(): Promise<void> {
    await this.providers.close();
  }
}
