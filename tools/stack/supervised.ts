import { type Child, waitFor } from '@signalbox/local-servers';

const CRASHES_MAX = 5;
const CRASH_WINDOW_MS = 60_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;

export interface SupervisedOptions {
  name: string;
  /** Starts the process and resolves when it is ready; rejects, having ended it, when it does not get there. */
  launch: () => Promise<Child>;
  stopSignal: NodeJS.Signals;
  graceMs: number;
  /** Crashes within a minute, then it is given up. Default 5. */
  crashesMax?: number | undefined;
  /** Told when a process is up (again), so that others can be told its pid. */
  changed: () => void;
  say: (line: string) => void;
  /** Told once when the process keeps crashing and is not started any more. */
  gaveUp: (name: string) => void;
}

/** A process that is started again when it ends without having been asked to. */
export class Supervised {
  readonly name: string;
  readonly #options: SupervisedOptions;
  readonly #crashes: number[] = [];
  readonly #crashesMax: number;
  #child: Child | null = null;
  #wanted = false;
  #up = false;
  #restarting: Promise<void> | null = null;

  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.#options = options;
    this.#crashesMax = options.crashesMax ?? CRASHES_MAX;
  }

  get pid(): number | null {
    return this.#child?.isRunning() ? this.#child.pid : null;
  }

  /** Starts it for the first time, or after stop(); a failure to get ready is the caller's to handle. */
  async start(): Promise<void> {
    this.#wanted = true;
    this.#watch(await this.#options.launch());
  }

  /** Resolves when the process is up, after a crash too. */
  async whenUp(timeoutMs: number): Promise<void> {
    await waitFor(() => this.#up, { timeoutMs, what: `${this.name} to be up` });
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    await this.#child?.stop(this.#options.stopSignal, this.#options.graceMs);
    // A restart may be on its way: it sees that it is no longer wanted and ends what it started.
    await this.#restarting;
  }

  /** Sends the signal and waits for the end of that process; supervision then starts it again. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child?.isRunning()) return;
    this.#up = false;
    child.signal(signal);
    await child.exited;
  }

  /** Ends the whole group at once. */
  killNow(): void {
    this.#wanted = false;
    this.#child?.signal('SIGKILL');
  }

  #watch(child: Child): void {
    this.#child = child;
    this.#up = true;
    this.#options.changed();
    void child.exited.then(({ code, signal }) => {
      this.#up = false;
      if (!this.#wanted) return;
      this.#options.say(`${this.name} ended (${signal ?? `exit code ${code}`})`);
      this.#restarting = this.#restart();
    });
  }

  async #restart(): Promise<void> {
    while (this.#wanted) {
      const now = performance.now();
      this.#crashes.push(now);
      while ((this.#crashes[0] ?? now) < now - CRASH_WINDOW_MS) this.#crashes.shift();
      if (this.#crashes.length > this.#crashesMax) return this.#giveUp();
      const pauseMs = Math.min(BACKOFF_FIRST_MS * 2 ** (this.#crashes.length - 1), BACKOFF_MAX_MS);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      if (!this.#wanted) return;
      try {
        const child = await this.#options.launch();
        if (!this.#wanted) return void (await child.stop(this.#options.stopSignal, this.#options.graceMs));
        this.#options.say(`${this.name} is up again`);
        return this.#watch(child);
      } catch (error) {
        this.#options.say(error instanceof Error ? error.message : String(error));
      }
    }
  }

  #giveUp(): void {
    this.#wanted = false;
    this.#options.say(
      `${this.name} ended ${this.#crashesMax + 1} times within ${CRASH_WINDOW_MS / 1000} s: it is given up`,
    );
    this.#options.gaveUp(this.name);
  }
}
