import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Attempt,
  makeKeys,
  provision,
  type ProvisionReport,
  renderServer,
  selfTest,
  type SelfTestOptions,
  type SelfTestReport,
} from '@signalbox/bus/provision';
import { type Command, readArguments } from './arguments.js';
import { recordSelfTest } from './record-self-test.js';

type Print = (line: string) => void;

/** Runs one command and gives its exit code: 0, or 1 when an attempt to get round the guard got through. */
export async function runCommand(args: readonly string[], print: Print): Promise<number> {
  const command = readArguments(args);
  if (command.name === 'render') return render(command, print);
  if (command.name === 'attack') return attack(command, print);
  for (const line of provisionLines(await provision(command))) print(line);
  return command.name === 'mend' ? 0 : attack(command, print);
}

function render({ keysDir, outDir, ...options }: Extract<Command, { name: 'render' }>, print: Print): number {
  const { made } = makeKeys(keysDir, options.tenants);
  const file = join(outDir, 'nats.conf');
  mkdirSync(outDir, { recursive: true });
  writeFileSync(`${file}.new`, renderServer({ keysDir, ...options }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  print(`keys    ${made.length} made, the others kept`);
  print(`config  ${file} for ${options.tenants.length} tenants`);
  return 0;
}

async function attack(
  { url, keysDir, tenants }: Pick<SelfTestOptions, 'url' | 'keysDir' | 'tenants'>,
  print: Print,
): Promise<number> {
  const report = await selfTest({ url, keysDir, tenants });
  for (const line of selfTestLines(report)) print(line);
  await recordSelfTest({ url, keysDir, tenants }, report);
  return report.ok ? 0 : 1;
}

function provisionLines({ serverVersion, items }: ProvisionReport): string[] {
  const counts = (['created', 'updated', 'renewed', 'unchanged', 'unknown'] as const)
    .map((outcome) => ({ outcome, count: items.filter((item) => item.outcome === outcome).length }))
    .filter(({ count }) => count > 0);
  const notable = items.filter(({ outcome }) => outcome !== 'created' && outcome !== 'unchanged');
  return [
    `bus     nats-server ${serverVersion}: ${counts.map(({ outcome, count }) => `${count} ${outcome}`).join(', ')}`,
    ...notable.map(({ account, kind, name, outcome, changed }) =>
      `        ${outcome}: ${kind} ${name} of ${account} ${changed.join(', ')}`.trimEnd(),
    ),
  ];
}

function selfTestLines({ ok, attempts }: SelfTestReport): string[] {
  if (attempts.length === 0) return ['guard   not attacked: there is no tenant yet'];
  const rows = [...new Set(attempts.map(({ user }) => user))].map((user) => {
    const own = attempts.filter((attempt) => attempt.user === user);
    const count = (outcome: Attempt['outcome']): number => own.filter((attempt) => attempt.outcome === outcome).length;
    const columns = [
      `${count('refused')} refused`,
      `${count('no effect')} without effect`,
      `${count('works')} controls work`,
    ];
    return `        ${user.padEnd(24)} ${columns.map((column) => column.padEnd(20)).join('')}`.trimEnd();
  });
  const failed = attempts
    .filter((attempt) => !attempt.ok)
    .map(
      ({ user, what, outcome }) =>
        `        ${outcome}: ${user} ${outcome === 'BROKEN' ? 'could not' : 'could'} ${what}`,
    );
  const verdict = ok
    ? 'cannot be got round'
    : 'CAN BE GOT ROUND: do not start the services; render the configuration again';
  return [`guard   ${attempts.length} attempts: it ${verdict}`, ...rows, ...failed];
}
