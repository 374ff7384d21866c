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
  const tokens = reply?.split('.') ?? [];
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9 || tokens.length === 10) return null;
  const at = tokens.length === 9 ? 4 : 6;
  const number = (index: number): number => Number(tokens[index]);
  const delivery = {
    deliveries: number(at),
    streamSeq: number(at + 1),
    consumerSeq: number(at + 2),
    storedAt: Math.floor(number(at + 3) / NANOS_PER_MS),
    pending: number(at + 4),
  };
  return Object.values(delivery).every((value) => Number.isSafeInteger(value)) ? delivery : null;
}
