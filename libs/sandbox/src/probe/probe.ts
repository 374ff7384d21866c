import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxCapabilities, SandboxLanguage } from '../sandbox.port.js';
import { attackLimits } from './attack-limits.js';
import { type Check, judge, parseReport } from './checks.js';
import { CALL_KERNEL, LOOK_AROUND, STAY } from './inside.js';
import { expectedErrno, forbiddenCalls } from './kernel-calls.js';
import { PROBE_LIMITS, type ProbeRun, type ProbeTarget } from './target.js';
import { ownNamespaces, placeVictims, usersNaming, type Victims } from './victims.js';

const LOOK_EVERY_MS = 10;

/** Attacks the sandbox behind `run` in every way it must withstand. Available only if all of them fail. */
export async function runProbe(target: ProbeTarget): Promise<SandboxCapabilities> {
  const victims = await placeVictims();
  try {
    const checks = await lookAround(target.run, victims);
    // A sandbox that does not even start is not worth the other attacks.
    if (checks.every(({ broken }) => broken.length === 0)) {
      if (target.hasPython) checks.push(await callKernel(target.run));
      checks.push(...(await attackLimits(target.run, target.limitedBy, victims.marker)));
      checks.push(...(await watchFromOutside(target.run, victims.marker)));
      const left = usersNaming(victims.marker).length;
      checks.push({ mechanism: 'no-survivors', broken: left === 0 ? [] : [`${left} processes outlived their run`] });
    }
    return capabilities(target, checks);
  } finally {
    victims.close();
  }
}

function capabilities(target: ProbeTarget, checks: readonly Check[]): SandboxCapabilities {
  const broken = checks.flatMap((check) => check.broken.map((sentence) => `${check.mechanism}: ${sentence}`));
  const available = broken.length === 0;
  const languages: SandboxLanguage[] = target.hasPython ? ['javascript', 'python'] : ['javascript'];
  return {
    driver: target.driver,
    tier: 'T2',
    available,
    languages: available ? languages : [],
    mechanisms: available ? checks.map(({ mechanism }) => mechanism) : [],
    failures: [...broken, ...target.notes],
  };
}

async function lookAround(run: ProbeRun, victims: Victims): Promise<Check[]> {
  const { hostPid, hostPort, abstractSocket, hostFile } = victims;
  const input = { hostPid, hostPort, abstractSocket, hostFile };
  const result = await run({ language: 'javascript', code: LOOK_AROUND, input, limits: PROBE_LIMITS });
  const report = parseReport(result.stdout);
  if (report === null || result.exitCode !== 0) {
    const how = `exit ${result.exitCode}, stopped by ${result.receipt.killCause}, said ${result.stderr.slice(0, 200)}`;
    return [{ mechanism: 'start', broken: [`code did not run in the sandbox (${how})`] }];
  }
  return judge(report, ownNamespaces(), victims.processLives());
}

/** Finds the running code among the host's processes, which also shows that survivors would be found; then cancels it. */
async function watchFromOutside(run: ProbeRun, marker: string): Promise<Check[]> {
  const cancel = new AbortController();
  let isOver = false;
  const running = run(
    { language: 'javascript', code: STAY, input: { marker }, limits: PROBE_LIMITS },
    cancel.signal,
  ).finally(() => {
    isOver = true;
  });
  let users: number[] = [];
  // The wall limit of the run is the deadline.
  while (users.length === 0 && !isOver) {
    users = usersNaming(marker);
    await delay(LOOK_EVERY_MS);
  }
  cancel.abort();
  const { killCause } = (await running).receipt;
  const seen = users.length > 0 ? [] : ['the running code was not found from outside'];
  const isRoot = users.some((uid) => !(uid > 0)) ? ['the code is root on the host'] : [];
  return [
    { mechanism: 'unprivileged-user', broken: [...seen, ...isRoot] },
    { mechanism: 'cancel:kill', broken: killCause === 'cancelled' ? [] : [`a cancelled run ended by ${killCause}`] },
  ];
}

/** Makes the forbidden system calls for real. Needs Python, whose ctypes can call by number. */
async function callKernel(run: ProbeRun): Promise<Check> {
  const calls = forbiddenCalls();
  const mechanism = 'seccomp-attacked';
  const result = await run({ language: 'python', code: CALL_KERNEL, input: calls, limits: PROBE_LIMITS });
  if (result.exitCode !== 0) return { mechanism, broken: [`the calls were not made: ${result.stderr.slice(-200)}`] };
  const answers = JSON.parse(result.stdout) as Record<string, number>;
  const broken = Object.keys(calls).filter((name) => answers[name] !== expectedErrno(name));
  return { mechanism, broken: broken.map((name) => `${name} answered ${answers[name]}, not ${expectedErrno(name)}`) };
}
