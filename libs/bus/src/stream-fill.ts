import { askApi } from './js-api.js';
import type { Connection } from './connection.js';

interface StreamInfo {
  config: { max_bytes: number };
  state: { bytes: number };
}

/** How full a stream is, of 1; 0 where it has no bound. */
export async function streamFill(connection: Connection, stream: string): Promise<number> {
  const { config, state } = await askApi<StreamInfo>(connection, `$JS.API.STREAM.INFO.${stream}`, undefined);
  return config.max_bytes > 0 ? state.bytes / config.max_bytes : 0;
}
