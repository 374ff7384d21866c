import { createLogger } from '@signalbox/telemetry';
import { readConfig } from './config.js';
import { startSimulator } from './server.js';

const config = readConfig();
const logger = createLogger({ service: 'simulator', level: config.logLevel });
const { listenHost, httpPort, healthPort, wordDelayMs } = config;
const simulator = await startSimulator({ host: listenHost, port: httpPort, healthPort, wordDelayMs });
logger.info({ url: simulator.url }, 'the simulated provider is ready');

const stop = (why: string): void => {
  logger.info({ why }, 'stopping');
  void simulator.stop().then(() => process.exit(0));
};
process.once('SIGTERM', () => stop('SIGTERM'));
process.once('SIGINT', () => stop('SIGINT'));
process.once('disconnect', () => stop('the parent is gone'));
