import type { JournalBody } from '@signalbox/contracts';
import { childEndOf, parentEndOf, spawnOf } from './children.js';
import { outstanding } from './effects.js';
import { holdFor } from './holds.js';
import type { WorldOptions } from './script.fixture.js';
import { isClosed, type RunState } from './state.js';
import { timersOf } from './timers.js';
import { START_MS, World } from './world.fixture.js';

/** A run and all below it: journals in memory, and the messages that pass between them. */
export class Family {
  readonly clock = { nowMs: START_MS };
  readonly root: World;
  /** By run id, the root first. */
  readonly worlds = new Map<string, World>();
  /** What runs say to one another and is on its way; it may get lost. */
  readonly flying: (() => void)[] = [];
  readonly #sent = new Set<string>();

  constructor(readonly options: WorldOptions) {
    this.root = new World(options, this);
    this.worlds.set(this.root.fold().accepted!.runId, this.root);
  }

  /** All runs as they are, the root first. */
  states(): RunState[] {
    return [...this.worlds.values()].map((world) => world.fold());
  }

  start(parent: World, callId: string): void {
    const body = spawnOf(parent.fold(), callId);
    const isNew = this.#spawn(body);
    const child = this.worlds.get(body.runId)!;
    const hold = holdFor(parent.fold(), child.fold());
    if (hold !== null) this.#fly(() => child.fact('parent.held.v1', hold));
    if (!isNew) this.report(child);
  }

  stop(parent: World, callId: string): void {
    const body = spawnOf(parent.fold(), callId);
    const end = parentEndOf(parent.fold());
    const isNew = this.#spawn(body);
    const child = this.worlds.get(body.runId)!;
    this.#fly(() => child.fact('parent.ended.v1', end));
    if (!isNew) this.report(child);
  }

  /** What a router does when a run leaves it. */
  report(child: World): void {
    const end = childEndOf(child.fold());
    const parent = this.worlds.get(child.fold().accepted?.parent?.runId ?? '');
    if (end !== null && parent !== undefined) this.#fly(() => parent.fact('child.ended.v1', end));
  }

  #spawn(body: JournalBody<'run.spawned.v1'>): boolean {
    if (this.worlds.has(body.runId)) return false;
    const script = this.options.agents?.[body.agent]?.script ?? this.options.script;
    this.worlds.set(body.runId, new World({ ...this.options, script }, this, body));
    return true;
  }

  #fly(message: () => void): void {
    this.flying.push(message);
    if (this.options.twice) this.flying.push(message);
  }

  /** One router that decides, sends and hears everything in order. False: nothing happened. */
  advance(): boolean {
    let moved = false;
    for (const [runId, world] of this.worlds) {
      const wasClosed = isClosed(world.fold());
      if (world.decideFrom(world.fold()) !== null) moved = true;
      for (const ask of outstanding(world.fold())) {
        // A run that is paused or let go on looks at once at those that it called.
        const round = ask.kind === 'child' ? world.fold().holding.round : 0;
        const key = `${runId}:${ask.id}:${ask.attempt}:${round}`;
        if (this.#sent.has(key)) continue;
        this.#sent.add(key);
        world.send(ask, 1);
        moved = true;
      }
      const next = world.flying.shift();
      next?.();
      if (!wasClosed && isClosed(world.fold())) this.report(world);
      moved ||= next !== undefined;
    }
    const message = this.flying.shift();
    message?.();
    return moved || message !== undefined;
  }

  /** Everything to its end; what got lost is found by looking again at what is open. */
  settle(hours = 2, before?: (round: number) => void): RunState {
    for (let round = 0; round < 20_000; round++) {
      before?.(round);
      if (this.advance()) continue;
      if (this.sweep()) continue;
      if (!this.#fireNext(hours)) return this.root.fold();
    }
    throw new Error('the runs never came to rest');
  }

  /** Looks again at what runs wait for. True: something came of it. */
  sweep(): boolean {
    const before = this.worlds.size;
    for (const world of [...this.worlds.values()])
      for (const ask of outstanding(world.fold())) if (ask.kind.startsWith('child')) world.send(ask, 2);
    return this.flying.length > 0 || this.worlds.size > before;
  }

  #fireNext(hours: number): boolean {
    const due = [...this.worlds.values()].flatMap((world) => {
      const timer = timersOf(world.fold(), this.clock.nowMs)
        .filter(({ kind }) => kind === 'fact')
        .toSorted((a, b) => a.dueAt - b.dueAt)[0];
      return timer === undefined ? [] : [{ world, timer }];
    });
    const first = due.toSorted((a, b) => a.timer.dueAt - b.timer.dueAt)[0];
    return first !== undefined && first.world.fireNext(hours);
  }
}
