import { runService } from '@signalbox/app-runtime';
import { AppModule } from './app.module.js';
import { config } from './config.js';

const settings = config();
await runService({
  service: 'policy',
  config: settings,
  module: AppModule,
  http: { port: settings.httpPort, bodyBytesMax: settings.bodyBytesMax },
});
