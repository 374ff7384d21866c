import { runService } from '@signalbox/app-runtime';
import { AppModule } from './app.module.js';
import { config } from './config.js';

await runService(() => ({ service: 'inference', config: config(), module: AppModule }));
