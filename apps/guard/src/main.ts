import { runService } from '@signalbox/app-runtime';
import { AppModule } from './app.module.js';
import { config } from './config.js';

await runService(() => {
  const guard = config();
  return { service: 'guard', config: guard, module: AppModule, sealsTogether: guard.sealsTogether };
});
