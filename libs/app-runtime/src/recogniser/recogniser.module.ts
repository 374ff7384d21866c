import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@signalbox/telemetry';
import { CONFIG, LOGGER } from '../tokens.js';
import { HttpRecogniser } from './http-recogniser.js';
import type { RecogniserConfig } from './recogniser-config.js';
import { ModelRecogniserPort, NoModelRecogniser } from './recogniser.port.js';

function recogniserOf(config: RecogniserConfig, logger: Logger): ModelRecogniserPort {
  const { recogniserUrl: url, recogniserMs: deadlineMs, recogniserWhenAway: whenAway } = config;
  return url === undefined ? new NoModelRecogniser() : new HttpRecogniser({ url, deadlineMs, whenAway, logger });
}

/** For an app whose configuration has `recogniserConfig` in it. */
@Module({
  providers: [{ provide: ModelRecogniserPort, useFactory: recogniserOf, inject: [CONFIG, LOGGER] }],
  exports: [ModelRecogniserPort],
})
export class RecogniserModule implements OnApplicationShutdown {
  constructor(@Inject(ModelRecogniserPort) private readonly recogniser: ModelRecogniserPort) {}

  async onApplicationShutdown(): Promise<void> {
    if (this.recogniser instanceof HttpRecogniser) await this.recogniser.close();
  }
}
