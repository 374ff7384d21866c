/** `npm start`: the whole mesh on this machine, until Ctrl-C. `--verbose` prints every log line. */
import { onEndOfParent, onSignals } from './stack/parent-watch.ts';
import { startStack } from './stack/stack.ts';
import type { Stack } from './stack/options.ts';
import { nextSteps, sampleRequest } from './sample-request.ts';

const INTERRUPTED = 130;

const started = Date.now();
let stack: Stack | undefined;
let stopping = false;

async function stop(why: string, exitCode: number): Promise<void> {
  if (stopping) {
    stack?.killNow();
    process.exit(INTERRUPTED);
  }
  stopping = true;
  say(`\n${why}: stopping …`);
  // While still starting there is no mesh to stop in order: our end is the watchdog's sign to end what runs.
  if (!stack) process.exit(INTERRUPTED);
  await stack.stop();
  process.exit(exitCode);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function table(urls: Readonly<Record<string, string>>): string {
  return Object.entries(urls)
    .map(([name, url]) => `  ${name.padEnd(10)} ${url}`)
    .join('\n');
}

try {
  say('starting nats-server, Postgres and the services …');
  onSignals((signal) => void stop(signal, 0));
  onEndOfParent(() => void stop('the parent process is gone', 0));
  stack = await startStack({ verbose: process.argv.includes('--verbose') });
  say(`\nSignalbox is up in ${((Date.now() - started) / 1000).toFixed(1)} s. Logs: ${stack.logsDir}\n`);
  say(table(stack.urls));
  await sampleRequest(stack, say);
  say(`\n${nextSteps(stack)}`);
  say('\nCtrl-C stops everything.');
  void stack.failed.then((name) => stop(`${name} keeps crashing`, 1));
} catch (error) {
  process.stderr.write(`✘ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
