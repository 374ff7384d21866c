import type { z } from 'zod';
import type { AccountName, ServiceName } from '../services.js';
import type { ConsumerName } from './streams.js';

/**
 * How a channel is carried. A `stream` is named, or several by a pattern (`RUN_*`); without a `consumer` its subscribers
 * read it as they like and acknowledge nothing. `republished`: where what is stored can also be heard live.
 */
export type Carrier =
  | { kind: 'stream'; stream: string; consumer?: ConsumerName; republished?: string }
  | { kind: 'request'; streamed: boolean }
  | { kind: 'core' };

/** One line of the registry: everything that is generated or checked comes from here. */
export interface Channel {
  account: AccountName;
  /** The subject with `*` for each variable token. */
  subject: string;
  carrier: Carrier;
  publishers: readonly ServiceName[];
  subscribers: readonly ServiceName[];
  /** May look how full the stream is and how far its consumer, without reading it. */
  inspectors?: readonly ServiceName[];
  /** Tenants' own systems may publish here, each for itself alone. */
  tenants: boolean;
  /**
   * How a message proves its author. `pair:<service>`: HMAC with the key shared by author and that service.
   * `journal`: by kind, see `journalSeal`. `none`: GATE, where the account is the proof, and mere hints.
   */
  seal: 'none' | 'journal' | `pair:${ServiceName}`;
  /** Message types with the schema of their body. */
  messages: Record<string, z.ZodType>;
  /** Schema of a reply, of each one where replies are streamed. */
  reply?: z.ZodType;
  doc: string;
}
