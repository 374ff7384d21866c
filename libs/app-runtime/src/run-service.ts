import { MeshError } from '@signalbox/kernel';
import { type ServiceConfig, ServiceHost, type ServiceOptions } from './service-host.js';

/** What closing may take beyond draining the work, ms; then the process ends anyway. */
const CLOSE_MS = 2_000;

/**
 * Runs a service as this process, as `read` has it from the configuration; stops it on SIGTERM, SIGINT or when the parent goes away. A fault that nobody
 * caught ends the process: what it held is redelivered elsewhere.
 */
export async function runService<C extends ServiceConfig>(read: () => ServiceOptions<C>): Promise<void> {
  const options = readOrExit(read);
  const host = new ServiceHost(options);
  const stop = stopper(host, options.config.drainMs);
  try {
    await host.start();
  } catch (error) {
    host.logger.fatal({ err: error }, 'could not start');
    await stop('failed to start', 1);
  }
}

/** A wrong configuration is told as the list it is, without a stack. */
function readOrExit<C extends ServiceConfig>(read: () => ServiceOptions<C>): ServiceOptions<C> {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MeshError) || error.code !== 'CONFIG_INVALID') throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function stopper<C extends ServiceConfig>(
  host: ServiceHost<C>,
  drainMs: number,
): (why: string, exitCode: number) => Promise<void> {
  const { logger } = host;
  let stopping: Promise<void> | undefined;
  const stop = async (why: string, exitCode: number): Promise<void> => {
    logger.info({ why }, 'stopping');
    setTimeout(() => process.exit(exitCode || 1), drainMs + CLOSE_MS).unref();
    await host.close();
    process.exit(exitCode);
  };
  const once = (why: string, exitCode: number): Promise<void> => (stopping ??= stop(why, exitCode));
  process.on('SIGTERM', () => void once('SIGTERM', 0));
  process.on('SIGINT', () => void once('SIGINT', 0));
  process.on('disconnect', () => void once('the parent is gone', 0));
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: MeshError.from(error) }, 'uncaught');
    void once('uncaught exception', 1);
  });
  process.on('unhandledRejection', (error) => {
    logger.fatal({ err: MeshError.from(error) }, 'unhandled');
    void once('unhandled rejection', 1);
  });
  return once;
}
