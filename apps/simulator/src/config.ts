import { loadConfig } from '@signalbox/kernel';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

/** What the simulation reads; it holds no secrets and no bus user. */
export const simulatorConfig = {
  listenHost: z.string().default('127.0.0.1'),
  /** Of the Chat Completions API. 0: a free one. */
  httpPort: port,
  /** Health is also answered on this port, where set. */
  healthPort: port.optional(),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  /** Pause between streamed words, ms; so that one can watch an answer being made. */
  wordDelayMs: z.coerce.number().int().min(0).max(10_000).default(10),
};

export const readConfig = () => loadConfig(simulatorConfig);
