/** Starts a mesh of stand-ins in a process of its own and prints its pids, so that a spec can kill that process. */
import { startStack } from './stack.ts';

const [stateDir = '', appsDir = ''] = process.argv.slice(2);
const stack = await startStack({
  stateDir,
  appsDir,
  ports: 'free',
  durable: false,
  print: () => undefined,
  // One that a TERM does not end.
  env: { memory: { STUB_STUBBORN: '1' } },
});
process.stdout.write(`${JSON.stringify(stack.report().map(({ pid }) => pid))}\n`);
