/** What the reply subject of a delivered message tells. */
export interface Delivery {
  /** Counts from 1. */
  deliveries: number;
  streamSeq: number;
  consumerSeq: number;
  /** When the broker stored it, ms since 1970. */
  storedAt: number;
  /** Messages of the consumer that are still to be delivered. */
  pending: number;
}

const NANOS_PER_MS = 1_000_000;

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>`, on servers with a domain
 * `$JS.ACK.<domain>.<account>.<stream>.…[.<random>]`. Null for any other subject.
 */
export function readDelivery(reply: string | undefined): Delivery | null {
  if (reply === undefined || !reply.startsWith('$JS.ACK.')) return null;
  const tokens = reply.split('.');
  if (tokens.length < 9 || tokens.length === 10) return null;
  const at = tokens.length === 9 ? 4 : 6;
  const deliveries = Number(tokens[at]);
  const streamSeq = Number(tokens[at + 1]);
  const consumerSeq = Number(tokens[at + 2]);
  const storedAt = Math.floor(Number(tokens[at + 3]) / NANOS_PER_MS);
  const pending = Number(tokens[at + 4]);
  // A sum is whole only where each part is: these are counts, none negative.
  if (!Number.isSafeInteger(deliveries + streamSeq + consumerSeq + storedAt + pending)) return null;
  return { deliveries, streamSeq, consumerSeq, storedAt, pending };
}
