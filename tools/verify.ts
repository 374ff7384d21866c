/**
 * `npm run verify`: everything that must hold before a change lands. Stops at the first failure.
 * `--keep-going` runs all steps; `--skip unit,integration` leaves steps out; `--only lint` runs one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Check, checks } from './checks/checks.ts';
import { type Chosen, chosenOf } from './checks/chosen.ts';

interface Outcome {
  name: string;
  ok: boolean;
  seconds: number;
}

const { chosen, keepGoing } = asked();
const outcomes: Outcome[] = [];

for (const { name, run } of chosen) {
  process.stdout.write(`▶ ${name}\n`);
  const started = performance.now();
  const ok = await run();
  outcomes.push({ name, ok, seconds: (performance.now() - started) / 1000 });
  if (!ok && !keepGoing) break;
}

process.stdout.write(`\n${'step'.padEnd(14)} ok  seconds\n`);
for (const { name, ok, seconds } of outcomes) {
  process.stdout.write(`${name.padEnd(14)} ${ok ? '✔ ' : '✘ '} ${seconds.toFixed(1).padStart(7)}\n`);
}
const reports = join(resolve(import.meta.dirname, '..'), '.cache', 'reports');
mkdirSync(reports, { recursive: true });
writeFileSync(join(reports, 'verify.json'), JSON.stringify(outcomes));
const missing = chosen.length - outcomes.length;
if (missing > 0) process.stdout.write(`${missing} more steps were not run\n`);
process.exitCode = outcomes.every(({ ok }) => ok) && missing === 0 ? 0 : 1;

function asked(): Chosen<Check> {
  try {
    return chosenOf(checks, process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`✘ ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}
