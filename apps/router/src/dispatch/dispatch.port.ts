import type { AskEffect, Effect, RunState } from '@signalbox/run-engine';

/** The way out of the router: work, requests to memory, hints. */
export abstract class DispatchPort {
  /**
   * Hands an effect to those who carry it out; resolves when it is stored or acknowledged. The same `dispatch`
   * of the same attempt may be sent again after an unknown outcome; a new one is a new message.
   */
  abstract send(state: RunState, effect: AskEffect, dispatch: number): Promise<unknown>;
  /** Best effort, never fails: who misses a hint reads the journal. */
  abstract hint(state: RunState, effect: Exclude<Effect, AskEffect>): void;
  /** Tells the run that called this one that it is over, if one did. Best effort: that run looks for itself. */
  abstract report(state: RunState): void;
}
