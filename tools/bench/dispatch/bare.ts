import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';

export const WAYS = ['stream', 'core', 'journal', 'batch'] as const;
export type Way = (typeof WAYS)[number];
/** The first server that can go this way; the others go on any. */
const NEEDS: Partial<Record<Way, string>> = { journal: '2.11.0', batch: '2.12.0' };

/** About the size of a decision, of a piece of work and of a fact of the mesh. */
const DECISION = new Uint8Array(900).fill(0x78);
const WORK = new Uint8Array(700).fill(0x78);
const FACT = new Uint8Array(500).fill(0x78);
const PULL = 512;
const BATCH_MAX = 64;
const MS = 1_000_000;

interface Run {
  id: number;
  lastSeq: number;
  answered: () => void;
}

/** One way's streams and consumers on a server, and the processes of a mesh as callbacks. */
export class Bare {
  readonly #runs = new Map<string, Run>();
  readonly #acks = new Map<string, (msg: Msg) => void>();
  #next = 0;
  #batch: { subject: string; run: Run; stored: () => void }[] = [];
  #open = true;

  readonly #nc: NatsConnection;
  readonly #way: Way;

  private constructor(nc: NatsConnection, way: Way) {
    this.#nc = nc;
    this.#way = way;
  }

  static async open(url: string, way: Way): Promise<Bare> {
    const bare = new Bare(await connect({ servers: url }), way);
    await bare.#prepare();
    return bare;
  }

  /** Which ways this server can go. */
  static async waysOf(url: string): Promise<Way[]> {
    const nc = await connect({ servers: url });
    const version = nc.info!.version;
    await nc.close();
    return WAYS.filter((way) => version.localeCompare(NEEDS[way] ?? version, 'en', { numeric: true }) >= 0);
  }

  async close(): Promise<void> {
    this.#open = false;
    for (const stream of ['J', 'W']) await this.#api(`STREAM.DELETE.${stream}`, {}).catch(() => undefined);
    await this.#nc.close();
  }

  /** Steps made within the time; every caller has one run with one step under way. */
  async run(callers: number, ms: number): Promise<number> {
    const end = performance.now() + ms;
    let steps = 0;
    const caller = async (id: number): Promise<void> => {
      const run: Run = { id, lastSeq: 0, answered: () => undefined };
      this.#runs.set(String(id), run);
      while (performance.now() < end) {
        const answered = new Promise<void>((resolve) => (run.answered = resolve));
        await this.#decide(run);
        await answered;
        steps += 1;
      }
    };
    await Promise.all(Array.from({ length: callers }, (_, id) => caller(id)));
    return steps;
  }

  async #prepare(): Promise<void> {
    const stream = { storage: 'file', num_replicas: 1, duplicate_window: 120_000 * MS, discard: 'new' };
    await this.#api('STREAM.CREATE.J', { ...stream, name: 'J', subjects: ['j.>'], allow_atomic: true });
    await this.#api('STREAM.CREATE.W', { ...stream, name: 'W', subjects: ['w.>'], retention: 'workqueue' });
    this.#nc.subscribe('ack.*', {
      callback: (_, msg) => {
        const done = this.#acks.get(msg.subject);
        this.#acks.delete(msg.subject);
        done?.(msg);
      },
    });
    await this.#consume('J', 'reader', 'none', 'j.>', (msg) => this.#read(msg));
    if (this.#way === 'core')
      this.#nc.subscribe('w.>', { queue: 'workers', callback: (_, msg) => void this.#work(msg, false) });
    else if (this.#way === 'journal')
      await this.#consume('J', 'worker', 'explicit', 'j.*.do', (msg) => void this.#work(msg, true));
    else await this.#consume('W', 'worker', 'explicit', 'w.>', (msg) => void this.#work(msg, true));
  }

  /** Stores the decision and hands its work over. */
  async #decide(run: Run): Promise<void> {
    const subject = this.#way === 'journal' ? `j.${run.id}.do` : `j.${run.id}.said`;
    if (this.#way === 'batch') await this.#storeTogether(subject, run);
    else run.lastSeq = await this.#store(subject, DECISION, this.#expecting(run));
    if (this.#way === 'core') this.#nc.publish(`w.${run.id}`, WORK);
    else if (this.#way !== 'journal')
      await this.#store(`w.${run.id}`, WORK, [['Nats-Msg-Id', `${run.id}.${run.lastSeq}`]]);
  }

  #expecting(run: Run): [string, string][] {
    const expected: [string, string] = ['Nats-Expected-Last-Subject-Sequence', String(run.lastSeq)];
    return this.#way === 'journal'
      ? [expected, ['Nats-Expected-Last-Subject-Sequence-Subject', `j.${run.id}.*`]]
      : [expected];
  }

  async #work(msg: Msg, stored: boolean): Promise<void> {
    const id = msg.subject.split('.')[1]!;
    await this.#store(`j.${id}.said`, FACT, [['Nats-Msg-Id', `f.${id}.${this.#next++}`]]);
    if (stored && msg.reply !== undefined) this.#nc.publish(msg.reply, '+ACK');
  }

  /** The reader folds: it knows the last sequence of each run, and that a fact came. */
  #read(msg: Msg): void {
    const run = this.#runs.get(msg.subject.split('.')[1]!);
    if (run === undefined) return;
    run.lastSeq = Math.max(run.lastSeq, Number(msg.reply?.split('.')[5]));
    if (msg.data.length === FACT.length) run.answered();
  }

  async #store(subject: string, data: Uint8Array, lines: [string, string][]): Promise<number> {
    const ack = await this.#send(subject, data, lines);
    const { seq, error } = ack.json<{ seq: number; error?: { description: string } }>();
    if (error !== undefined) throw new Error(`${subject}: ${error.description}`);
    return seq;
  }

  #send(subject: string, data: Uint8Array, lines: [string, string][]): Promise<Msg> {
    const head = headers();
    for (const [name, value] of lines) head.set(name, value);
    const reply = `ack.${this.#next++}`;
    const acked = new Promise<Msg>((resolve) => this.#acks.set(reply, resolve));
    this.#nc.publish(subject, data, { headers: head, reply });
    return acked;
  }

  /** Waits for the end of the turn; all decisions of it are one batch, or none is stored. */
  #storeTogether(subject: string, run: Run): Promise<void> {
    return new Promise((stored) => {
      if (this.#batch.push({ subject, run, stored }) === 1) setImmediate(() => void this.#commit());
    });
  }

  async #commit(): Promise<void> {
    const all = this.#batch;
    this.#batch = [];
    for (let at = 0; at < all.length; at += BATCH_MAX) {
      const part = all.slice(at, at + BATCH_MAX);
      const id = `b${this.#next++}`;
      let commit: Promise<Msg> | undefined;
      for (const [index, { subject, run }] of part.entries()) {
        const lines: [string, string][] = [
          ...this.#expecting(run),
          ['Nats-Batch-Id', id],
          ['Nats-Batch-Sequence', String(index + 1)],
        ];
        if (index === part.length - 1) commit = this.#send(subject, DECISION, [...lines, ['Nats-Batch-Commit', '1']]);
        else this.#nc.publish(subject, DECISION, { headers: headersOf(lines) });
      }
      const { error } = (await commit)!.json<{ error?: { description: string } }>();
      if (error !== undefined) throw new Error(`batch: ${error.description}`);
      for (const { stored } of part) stored();
    }
  }

  async #consume(stream: string, name: string, ack: string, filter: string, take: (msg: Msg) => void): Promise<void> {
    const config = { name, durable_name: name, ack_policy: ack, filter_subject: filter, max_ack_pending: 10_000 };
    await this.#api(`CONSUMER.CREATE.${stream}.${name}.${filter}`, { stream_name: stream, config });
    const inbox = `pull.${name}`;
    let left = 0;
    const ask = (): void => {
      left += PULL;
      const request = { batch: PULL, expires: 30_000 * MS };
      this.#nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, JSON.stringify(request), { reply: inbox });
    };
    this.#nc.subscribe(inbox, {
      callback: (_, msg) => {
        if (msg.headers?.code) return;
        left -= 1;
        if (this.#open && left <= PULL / 2) ask();
        take(msg);
      },
    });
    ask();
  }

  async #api(call: string, body: object): Promise<void> {
    const reply = await this.#nc.request(`$JS.API.${call}`, JSON.stringify(body), { timeout: 10_000 });
    const { error } = reply.json<{ error?: { description: string } }>();
    if (error !== undefined) throw new Error(`${call}: ${error.description}`);
  }
}

function headersOf(lines: [string, string][]): ReturnType<typeof headers> {
  const head = headers();
  for (const [name, value] of lines) head.set(name, value);
  return head;
}
