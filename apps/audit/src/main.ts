import { runService } from '@signalbox/app-runtime';
import { AppModule } from './app.module.js';
import { config } from './config.js';

/** Requests carry no bodies worth speaking of. */
const BODY_BYTES_MAX = 16_384;

await runService(() => {
  const settings = config();
  const http = { port: settings.httpPort, bodyBytesMax: BODY_BYTES_MAX };
  return { service: 'audit', config: settings, module: AppModule, http };
});
