/**
 * `npm run demo [-- --json] [-- "your own text"]`: starts a mesh of its own, sends it a real question, tells what happens
 * as it happens, kills the router in the middle, and exits 0 only if everything it claims really held.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '@signalbox/local-servers';
import { onSignals } from '../stack/parent-watch.ts';
import { startStack } from '../stack/stack.ts';
import { ask } from './ask.ts';
import { Checks } from './checks.ts';
import { DEFAULT_QUESTION, PROFILE_NAMES, valuesIn } from './question.ts';
import { Storyteller } from './storyteller.ts';
import { Witness } from './witness.ts';

const INTERRUPTED = 130;

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
const own = positionals.join(' ').trim();
const question = own || DEFAULT_QUESTION;

const stateDir = join(repositoryRoot(), '.signalbox', 'demo');
rmSync(stateDir, { recursive: true, force: true });
say('Starting a mesh for this demo …');
const stack = await startStack({ stateDir, ports: 'free', print: () => undefined });
onSignals(() => {
  stack.killNow();
  process.exit(INTERRUPTED);
});

try {
  const secrets = valuesIn(question);
  const witness = await Witness.start(
    stack,
    secrets.map(({ value }) => value),
  );
  const teller = new Storyteller(stack, say, own === '' ? 'tool' : 'model');
  witness.onJournal((entry) => teller.tell(entry));
  say(`\nThe question, as the person asks it:\n\n  ${question}\n`);
  const answer = await ask(stack, question, PROFILE_NAMES, say);
  await teller.settled();
  const proof = await teller.proof(answer.runId);
  const leaks = await witness.stop();
  say(`\nThe answer, as the person reads it:\n\n  ${answer.text.replaceAll('\n', '\n  ')}\n`);
  const checks = new Checks({ own: own !== '', secrets, answer, proof, leaks, story: teller.summary() });
  say(checks.table());
  const result = checks.result();
  await stack.stop();
  say(result.ok ? '\nEverything above held.' : '\nNot everything held: see the rows marked NO.');
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(result.ok ? 0 : 1);
} catch (error) {
  process.stderr.write(`✘ ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  await stack.stop();
  process.exit(1);
}
