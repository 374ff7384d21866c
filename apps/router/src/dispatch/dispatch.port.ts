import type { AskEffect, Effect, RunState } from '@signalbox/run-engine';

/** Work that workers take in their own time. */
export type WorkKind = 'infer' | 'tool';

/** The way out of the router: work, requests to memory, hints. */
export abstract class DispatchPort {
  /**
   * Hands an effect to those who carry it out; resolves when it is stored or acknowledged. The same `dispatch`
   * of the same attempt may be sent again after an unknown outcome; a new one is a new message.
   */
  abstract send(state: RunState, effect: AskEffect, dispatch: number): Promise<unknown>;
  /** How much work of all routers no worker was given yet. */
  abstract unstarted(kind: WorkKind): Promise<number>;
  /** Best effort, never fails: who misses a hint reads the journal. */
  abstract hint(state: RunState, effect: Exclude<Effect, AskEffect>): void;
  /** Tells the run that called this one that it is over, if one did. Best effort: that run looks for itself. */
  abstract report(state: RunState): void;
}
