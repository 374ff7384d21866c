import { freePort } from '@signalbox/local-servers';
import { StackError } from './stack-error.ts';

/**
 * Hands out ports of the loopback interface. A configured one must be free; a default one is replaced by a free one
 * when it is taken, which is said.
 */
export class Ports {
  readonly #given = new Set<number>();
  readonly #say: (line: string) => void;
  readonly #preferDefaults: boolean;

  constructor(say: (line: string) => void, preferDefaults: boolean) {
    this.#say = say;
    this.#preferDefaults = preferDefaults;
  }

  /** A port for `name`. `variable` is where its user may have configured one. */
  async take(name: string, preferred = 0, variable?: string): Promise<number> {
    const configured = variable === undefined ? undefined : process.env[variable];
    if (configured !== undefined && configured !== '') return this.#configured(name, configured, variable ?? '');
    const wanted = this.#preferDefaults ? preferred : 0;
    for (;;) {
      const port = await freePort(this.#given.has(wanted) ? 0 : wanted);
      if (this.#given.has(port)) continue;
      this.#given.add(port);
      if (wanted !== 0 && port !== wanted) this.#say(`port ${wanted} is taken: ${name} listens on ${port}`);
      return port;
    }
  }

  async #configured(name: string, text: string, variable: string): Promise<number> {
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new StackError(`${variable}=${text} is not a port`, 'Give a number from 1 to 65535.');
    }
    if (this.#given.has(port) || (await freePort(port)) !== port) {
      throw new StackError(
        `port ${port} for ${name} (${variable}) is in use`,
        'Stop what listens there, choose another, or unset the variable to have a free one taken.',
      );
    }
    this.#given.add(port);
    return port;
  }
}
