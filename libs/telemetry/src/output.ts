/** Log lines that wait for a slow reader, bytes; beyond, lines are dropped and counted. */
const WAITING_BYTES_MAX = 1_048_576;

let dropped = 0;

// Without a reader every write fails; that must neither end the process nor be tried for ever.
process.stdout.on('error', () => undefined);

/** Standard output as a log destination that never blocks: a service outlives whoever reads its log. */
export const standardOutput = {
  write(line: string): void {
    if (process.stdout.destroyed || process.stdout.writableLength > WAITING_BYTES_MAX) {
      dropped++;
      return;
    }
    if (dropped > 0)
      process.stdout.write(`${JSON.stringify({ level: 'warn', msg: 'log lines were dropped', dropped })}\n`);
    dropped = 0;
    process.stdout.write(line);
  },
};
