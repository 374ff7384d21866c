import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tapped, tapCore } from '@signalbox/bus/provision';
import { type JournalEntry, parserOf, upcast } from '@signalbox/contracts';
import { findRaw } from '@signalbox/privacy';
import type { Stack } from '../stack/options.ts';

/** A journal entry as it crossed the bus. */
export type SeenEntry = Pick<JournalEntry, 'kind' | 'body' | 'author'>;

const decoder = new TextDecoder();

/** Listens to everything inside and reads every log: does a raw value show anywhere? */
export class Witness {
  readonly #leaks = new Set<string>();
  readonly #listeners: ((entry: SeenEntry) => void)[] = [];
  readonly #stack: Stack;
  readonly #values: string[];
  #messages = 0;
  #tap: { stop(): Promise<void> } | undefined;

  private constructor(stack: Stack, values: string[]) {
    this.#stack = stack;
    this.#values = values;
  }

  static async start(stack: Stack, values: string[]): Promise<Witness> {
    const witness = new Witness(stack, values);
    const access = { url: stack.urls['nats']!, keysDir: stack.keysDir };
    witness.#tap = await tapCore(access, (message) => witness.#hear(message));
    return witness;
  }

  onJournal(listener: (entry: SeenEntry) => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the logs, ends the tap, and says where raw values were seen and how much was looked at. */
  async stop(): Promise<{ places: string[]; messages: number; logBytes: number }> {
    await this.#tap?.stop();
    let logBytes = 0;
    for (const file of readdirSync(this.#stack.logsDir)) {
      const text = readFileSync(join(this.#stack.logsDir, file), 'utf8');
      logBytes += text.length;
      this.#look(`log ${file}`, text);
    }
    return { places: [...this.#leaks], messages: this.#messages, logBytes };
  }

  #hear({ subject, body, headers }: Tapped): void {
    this.#messages++;
    const text = decoder.decode(body);
    this.#look(subject, `${subject}\n${headers}\n${text}`);
    if (!subject.startsWith('sb.v1.run.')) return;
    const end = text.indexOf('\n');
    const [, written = '', author] = text.slice(0, end).split(' ');
    const { kind, body: read } = upcast(written, parserOf(written)(text.slice(end + 1)));
    const entry = { kind, author, body: read } as SeenEntry;
    for (const listener of this.#listeners) listener(entry);
  }

  #look(place: string, text: string): void {
    for (const hit of findRaw(text, this.#values)) this.#leaks.add(`${place} (${hit.spelling})`);
  }
}
