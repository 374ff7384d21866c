import { waitFor } from '@signalbox/testing';
import type { Stack, StackOptions } from '../../stack/options.ts';
import { SERVICES } from '../../stack/services.ts';
import { startStack } from '../../stack/stack.ts';
import { Dice } from '../privacy/made-values.ts';
import type { Conversation } from './conversation.ts';
import { makeConversations } from './conversations.ts';
import { createKey, define, incidents, schedule, scheduledRun, story } from './definitions.ts';
import { type Outcome, Person } from './drive.ts';
import { Planter } from './planter.ts';
import { Watch } from './watch.ts';
import { OutsideWorld } from './world.ts';

const TENANT = 'demo';
const SEED = 20_251_129;
const IN_FORCE_MS = 60_000;
const ARCHIVE_MS = 60_000;
/** Runs whose story is read over the query API. */
const STORIES_MAX = 100;
const SCHEDULE_MS = 90_000;

export interface LeakTestOptions {
  conversations: number;
  /** Talked at once. */
  atOnce: number;
  stateDir: string;
  seed?: number;
  say: (line: string) => void;
  stack?: StackOptions;
}

export interface Talked {
  conversations: readonly Conversation[];
  outcomes: Outcome[];
  /** Conversations that broke off, and why. */
  broken: string[];
  /** That audit has raised meanwhile, by a detector of its own. */
  incidents: number;
}

/** Conversations full of personal data through a whole mesh that everything is read of. */
export class LeakTest {
  readonly planter: Planter;
  readonly watch: Watch;
  /** What GATE keeps: raw, by design, until the guard has taken it. */
  readonly gate: Watch;
  readonly #options: LeakTestOptions;
  readonly #dice: Dice;
  readonly #world: OutsideWorld;
  #stack!: Stack;

  private constructor(options: LeakTestOptions) {
    this.#options = options;
    this.#dice = new Dice(options.seed ?? SEED);
    this.planter = new Planter(this.#dice);
    this.watch = new Watch(this.planter);
    this.gate = new Watch(this.planter);
    this.#world = new OutsideWorld((place, text) => this.watch.look(place, text));
  }

  static async start(options: LeakTestOptions): Promise<LeakTest> {
    const test = new LeakTest(options);
    try {
      await test.#start();
      return test;
    } catch (error) {
      await test.stop();
      throw error;
    }
  }

  get stack(): Stack {
    return this.#stack;
  }

  /** Talks, then looks at everything that is kept. */
  async run(): Promise<Talked> {
    const { conversations: count, say } = this.#options;
    const conversations = makeConversations(count, this.planter, this.#dice, this.#world.url);
    this.#world.add(conversations);
    const ordered = this.#order();
    const talked = await this.#talk(conversations);
    const runIds = talked.outcomes.flatMap((outcome) => outcome.runIds);
    runIds.push(await ordered);
    say(`  talked; reading what is kept of ${runIds.length} runs`);
    await this.#readStories(runIds);
    talked.incidents = await incidents(this.#stack, TENANT);
    await this.watch.untap();
    this.watch.logs(this.#stack);
    await this.watch.postgres(this.#stack);
    this.watch.brokerFiles(this.#stack, 'files of the broker', (path) => !path.includes('/GATE/'));
    this.gate.brokerFiles(this.#stack, 'files of the broker, GATE', (path) => path.includes('/GATE/'));
    return talked;
  }

  async stop(): Promise<void> {
    await this.watch.untap();
    await this.#stack?.stop();
    await this.#world.stop();
  }

  async #start(): Promise<void> {
    await this.#world.listen();
    const debug = Object.fromEntries(
      SERVICES.map((name) => [name, { SIGNALBOX_LOG_LEVEL: 'debug' } as Record<string, string>]),
    );
    debug['inference'] = { ...debug['inference'], SIGNALBOX_PROVIDER_URL: `${this.#world.url}/v1` };
    this.#stack = await startStack({
      stateDir: this.#options.stateDir,
      ports: 'free',
      durable: false,
      services: SERVICES.filter((name) => name !== 'simulator'),
      tenants: [TENANT],
      env: debug,
      print: () => undefined,
      ...this.#options.stack,
    });
    await define(this.#stack, TENANT, this.#world.host);
    await this.#inForce();
    await this.watch.tap(this.#stack);
  }

  /** Until every service decides by the definitions: a run with a call of a tool went all the way. */
  async #inForce(): Promise<void> {
    const canary: Conversation = {
      word: 'koaaaaaaaaaaaa',
      kind: 'tool',
      way: 'HTTP',
      stream: false,
      input: 'This is case koaaaaaaaaaaaa.',
      steps: [
        {
          calls: [{ name: 'ask_server', arguments: JSON.stringify({ url: `${this.#world.url}/t/koaaaaaaaaaaaa/0` }) }],
          chunkChars: 16,
        },
        { echo: true, chunkChars: 16 },
      ],
      answers: [{ status: 200, headers: {}, body: 'in force' }],
      said: {},
    };
    this.#world.add([canary]);
    const person = await Person.meet(this.#stack, TENANT);
    const works = (): Promise<boolean> =>
      person.talk(canary).then(
        ({ answer }) => answer.includes('in force'),
        () => false,
      );
    await waitFor(works, { timeoutMs: IN_FORCE_MS, what: 'the definitions to be in force everywhere' });
    await person.leave();
  }

  /** A schedule is a request too; it is due while the others talk. */
  async #order(): Promise<string> {
    const keyId = await createKey(this.#stack, TENANT, 'night-shift');
    await schedule(this.#stack, TENANT, keyId, this.planter.sentences('input of a schedule', 15));
    return waitFor(() => scheduledRun(this.#stack, TENANT), {
      timeoutMs: SCHEDULE_MS,
      what: 'the schedule to be due',
    }) as Promise<string>;
  }

  async #talk(conversations: readonly Conversation[]): Promise<Talked> {
    const { atOnce, say } = this.#options;
    const person = await Person.meet(this.#stack, TENANT);
    const talked: Talked = { conversations, outcomes: [], broken: [], incidents: 0 };
    const waiting = conversations.values();
    let saidAt = Date.now();
    const talk = async (): Promise<void> => {
      for (const one of waiting) {
        try {
          talked.outcomes.push(await person.talk(one));
        } catch (error) {
          // Never the text of the conversation: whose error it is says enough.
          talked.broken.push(
            `${one.kind} over ${one.way}: ${error instanceof Error ? error.message.slice(0, 120) : 'failed'}`,
          );
        }
        if (Date.now() - saidAt < 5_000) continue;
        saidAt = Date.now();
        say(
          `  ${talked.outcomes.length + talked.broken.length} of ${conversations.length} conversations, ${this.watch.leaks.length} values seen raw`,
        );
      }
    };
    await Promise.all(Array.from({ length: atOnce }, talk));
    await person.leave();
    return talked;
  }

  async #readStories(runIds: readonly string[]): Promise<void> {
    const some = runIds.filter((_, n) => n % Math.ceil(runIds.length / STORIES_MAX) === 0);
    for (const runId of some.filter((id) => id !== '')) {
      const told = await waitFor(() => story(this.#stack, TENANT, runId), {
        timeoutMs: ARCHIVE_MS,
        what: `${runId} in the archive`,
      });
      this.watch.look('query API', told as string);
    }
  }
}
