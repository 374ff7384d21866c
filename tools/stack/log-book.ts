import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const FILE_BYTES_MAX = 16 * 1024 * 1024;
const NAME_WIDTH = 11;
const SHOWN_LEVELS: readonly unknown[] = ['warn', 'error', 'fatal'];
/** What nats-server and Postgres say in ordinary life, our own probing of a starting Postgres included. */
const CHATTER =
  /\[(INF|DBG|TRC)\]|\b(LOG|HINT|DETAIL|STATEMENT): |the database system is (starting up|not yet)|due to administrator command/;
const COLOURS = [36, 35, 34, 33, 32, 96, 95, 94, 93];

/** One file a process, with one predecessor, and what of it deserves a line on the terminal. */
export class LogBook {
  readonly #folder: string;
  readonly #print: (line: string) => void;
  readonly #verbose: boolean;
  readonly #files = new Map<string, { descriptor: number; bytes: number }>();
  readonly #colour: boolean;
  readonly #order: string[] = [];
  readonly #muted = new Set<string>();

  constructor(folder: string, print: (line: string) => void, options: { verbose: boolean; colour: boolean }) {
    this.#folder = folder;
    this.#print = print;
    this.#verbose = options.verbose;
    this.#colour = options.colour;
  }

  /** Takes the lines of one process. */
  of(name: string): (line: string) => void {
    this.#order.push(name);
    return (line) => {
      this.#write(name, `${line}\n`);
      const shown = this.#verbose ? line : worthShowing(line);
      if (this.#muted.has(name) && !this.#verbose) return;
      if (shown !== null) this.#print(`${this.#label(name)} │ ${shown}`);
    };
  }

  /** Lines of this process go to its file only. */
  mute(name: string): void {
    this.#muted.add(name);
  }

  unmute(name: string): void {
    this.#muted.delete(name);
  }

  close(): void {
    for (const { descriptor } of this.#files.values()) closeSync(descriptor);
    this.#files.clear();
  }

  #label(name: string): string {
    const text = name.padEnd(NAME_WIDTH);
    if (!this.#colour) return text;
    const colour = COLOURS[this.#order.indexOf(name) % COLOURS.length];
    return `\u001b[${colour}m${text}\u001b[0m`;
  }

  #write(name: string, text: string): void {
    let file = this.#files.get(name);
    if (file && file.bytes > FILE_BYTES_MAX) {
      closeSync(file.descriptor);
      renameSync(this.#path(name), `${this.#path(name)}.1`);
      file = undefined;
    }
    if (!file) {
      const path = this.#path(name);
      file = { bytes: existsSync(path) ? statSync(path).size : 0, descriptor: openSync(path, 'a', 0o600) };
      this.#files.set(name, file);
    }
    file.bytes += writeSync(file.descriptor, text);
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.log`);
  }
}

/** Warnings and worse of our own services, which log JSON; whatever else they print; nothing that servers chat about. */
function worthShowing(line: string): string | null {
  if (!line.startsWith('{')) return CHATTER.test(line) ? null : line;
  try {
    const { level, msg, err } = JSON.parse(line) as {
      level?: unknown;
      msg?: string;
      err?: { message?: string };
    };
    if (level === undefined) return line;
    return SHOWN_LEVELS.includes(level) ? [msg, err?.message].filter(Boolean).join(': ') : null;
  } catch {
    return line;
  }
}
