/** Prints what was asked for, as JSON or for people, and gives the exit code. */
export type Print = (shown: unknown, text: string, exitCode?: number) => number;

export function printer(asJson: boolean | undefined): Print {
  return (shown, text, exitCode = 0) => {
    process.stdout.write(asJson ? `${JSON.stringify(shown)}\n` : `${text}\n`);
    return exitCode;
  };
}
