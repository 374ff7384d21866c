import type { ToolLimits } from '@signalbox/contracts';
import type { SandboxKillCause, SandboxResult } from '../sandbox.port.js';
import type { Check } from './checks.js';
import { BURN_CPU, EAT_MEMORY, FILL_TMP, FLOOD, FORK_MANY, LEAVE_BEHIND, WAIT } from './inside.js';
import { PROBE_LIMITS, type ProbeRun } from './target.js';

interface LimitAttack {
  mechanism: string;
  code: string;
  input?: unknown;
  limits: Partial<ToolLimits>;
  /** For a machine so busy that the attack did not begin within the first. */
  patientLimits?: Partial<ToolLimits>;
  /** A sentence for each thing that went wrong. */
  judge: (result: SandboxResult) => string[];
}

/** Node takes about 50 MB; the attack asks for 384 MB. */
const MEMORY_ATTACK_BYTES = 134_217_728;
const TMP_ATTACK_FACTOR = 4;

/** Two at a time: the probe must not take the machine from those who work. */
const AT_ONCE = 2;

/** Passes every limit once; each must stop the code for the right reason. */
export async function attackLimits(run: ProbeRun, limitedBy: string, marker: string): Promise<Check[]> {
  const attacks = limitAttacks(limitedBy, marker);
  const checks: Check[] = [];
  while (attacks.length > 0)
    checks.push(...(await Promise.all(attacks.splice(0, AT_ONCE).map((attack) => make(run, attack)))));
  return checks;
}

async function make(run: ProbeRun, attack: LimitAttack): Promise<Check> {
  const { mechanism, code, input, limits, patientLimits, judge } = attack;
  const result = await run({ language: 'javascript', code, input, limits: { ...PROBE_LIMITS, ...limits } });
  if (result.stdout === '' && patientLimits) return make(run, { mechanism, code, input, limits: patientLimits, judge });
  return { mechanism, broken: judge(result) };
}

function limitAttacks(limitedBy: string, marker: string): LimitAttack[] {
  const tmpBytes = PROBE_LIMITS.tmpBytesMax;
  return [
    { mechanism: `cpu:${limitedBy}`, code: BURN_CPU, limits: { cpuMs: 300 }, judge: stoppedBy('cpu') },
    {
      mechanism: 'wall:kill',
      code: WAIT,
      limits: { wallMs: 1_500 },
      patientLimits: { wallMs: 15_000 },
      judge: stoppedBy('wall'),
    },
    {
      mechanism: `memory:${limitedBy}`,
      code: EAT_MEMORY,
      limits: { memoryBytes: MEMORY_ATTACK_BYTES },
      judge: stoppedBy('memory'),
    },
    { mechanism: `pids:${limitedBy}`, code: FORK_MANY, limits: { pidsMax: 16 }, judge: stoppedBy('pids') },
    { mechanism: 'output:count', code: FLOOD, limits: { outputBytesMax: 65_536 }, judge: floodStopped },
    {
      mechanism: 'tmp:sized-tmpfs',
      code: FILL_TMP,
      input: { bytes: tmpBytes * TMP_ATTACK_FACTOR },
      limits: {},
      judge: ({ stdout }) =>
        isFull(stdout, tmpBytes) ? [] : [`/tmp was not full at its limit: ${stdout.slice(0, 100)}`],
    },
    {
      mechanism: 'end-of-run:kill',
      code: LEAVE_BEHIND,
      input: { marker },
      limits: {},
      judge: ({ stdout, exitCode }) =>
        exitCode === 0 && stdout.startsWith('left') ? [] : ['no process could be left behind, so nothing was tested'],
    },
  ];
}

function stoppedBy(cause: SandboxKillCause): (result: SandboxResult) => string[] {
  return ({ stdout, receipt }) => {
    if (!stdout.startsWith('began')) return ['the attack did not begin'];
    return receipt.killCause === cause ? [] : [`the attack ended by ${receipt.killCause}, not ${cause}`];
  };
}

function floodStopped(result: SandboxResult): string[] {
  const tooMuch = result.stdout.length + result.stderr.length > 65_536;
  return [...stoppedBy('output')(result), ...(tooMuch ? ['more output was kept than allowed'] : [])];
}

function isFull(stdout: string, bytesMax: number): boolean {
  const { written, error } = JSON.parse(stdout) as { written: number; error: string | null };
  return error === 'ENOSPC' && written > 0 && written <= bytesMax;
}
