import { type AccountName, STREAMS } from '@signalbox/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import { connectService, type ServerAccess } from './user-connection.js';

/** Gives a stream another bound of bytes until it is provisioned again; resolves with what it holds. */
export async function resizeStream(access: ServerAccess, name: string, bytesMax: number): Promise<number> {
  const account: AccountName = STREAMS.find((stream) => stream.name === name)?.account ?? 'CORE';
  const connection = await connectService(access, 'provisioner', account);
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    return (await manager.streams.update(name, { max_bytes: bytesMax })).state.bytes;
  } finally {
    await connection.close();
  }
}
