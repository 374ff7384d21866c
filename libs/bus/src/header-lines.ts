import type { MsgHdrs } from '@nats-io/transport-node';
import { MeshError } from '@signalbox/kernel';

const BREAK = /[\r\n]/;

/**
 * The header block of a message that is only sent, never looked at: one string, where the client's own class keeps, checks
 * and joins a list for each name. Each name is set once.
 */
export class HeaderLines {
  #text = 'NATS/1.0\r\n';

  /** REQUEST_INVALID for a value that would end its line. */
  set(name: string, value: string): void {
    if (BREAK.test(value)) throw new MeshError('REQUEST_INVALID', `The header ${name} must be one line.`);
    this.#text += `${name}: ${value}\r\n`;
  }

  encode(): Uint8Array {
    return Buffer.from(`${this.#text}\r\n`);
  }

  /** As the client's publish takes it, which does nothing with headers but encode them. */
  forClient(): MsgHdrs {
    return this as unknown as MsgHdrs;
  }
}
