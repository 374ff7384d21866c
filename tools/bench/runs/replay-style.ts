export interface ReplayStyle {
  /** Every call stored with its whole prompt, every answer and result once: what durable calls with arguments come to. */
  callsWithPromptsBytes: number;
  /** The whole conversation stored after every step, the model's and the tool's: checkpoints of the state. */
  checkpointsBytes: number;
  /** Both. */
  callsAndCheckpointsBytes: number;
  /** Not stored but read: the calls with their prompts, from the first, each time the run goes on. */
  replayedBytes: number;
}

/**
 * What a conversation would take in the layouts of engines that store or replay it, from the bytes of the prompts that
 * were really sent: each holds the one before, and the answer and the result between them.
 */
export function replayStyle(promptBytes: readonly number[]): ReplayStyle {
  const sum = (some: readonly number[]): number => some.reduce((total, bytes) => total + bytes, 0);
  const prompts = sum(promptBytes);
  const said = promptBytes.at(-1) ?? 0;
  const callsWithPromptsBytes = prompts + said;
  // After the model's step it is at least what that was asked; after the tool's it is the next prompt.
  const checkpointsBytes = prompts + sum(promptBytes.slice(1));
  return {
    callsWithPromptsBytes,
    checkpointsBytes,
    callsAndCheckpointsBytes: callsWithPromptsBytes + checkpointsBytes,
    replayedBytes: sum(promptBytes.map((_, at) => sum(promptBytes.slice(0, at + 1)))),
  };
}
