import { runService } from '@signalbox/app-runtime';
import { AppModule } from './app.module.js';
import { config } from './config.js';
import { openAiError } from './responses/openai-error.js';

await runService(() => {
  const settings = config();
  const http = { port: settings.httpPort, bodyBytesMax: settings.bodyBytesMax, errorBody: openAiError };
  return { service: 'gateway', config: settings, module: AppModule, http };
});
