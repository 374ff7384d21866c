import { runService } from '@signalbox/app-runtime';
import { AppModule } from './app.module.js';
import { config } from './config.js';

await runService(() => {
  const settings = config();
  const http = { port: settings.httpPort, bodyBytesMax: settings.bodyBytesMax };
  return { service: 'policy', config: settings, module: AppModule, http };
});
