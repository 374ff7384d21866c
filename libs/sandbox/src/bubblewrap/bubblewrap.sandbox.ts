import { MeshError, Semaphore } from '@signalbox/kernel';
import type { CgroupHost, RunCgroup } from '../cgroup/cgroup.js';
import { findCgroup, runFolderName } from '../cgroup/find-cgroup.js';
import { runProbe } from '../probe/probe.js';
import { type CheckedRequest, checkRequest } from '../request-check.js';
import { Sandbox, type SandboxCapabilities, type SandboxRequest, type SandboxResult } from '../sandbox.port.js';
import { classifyEnd, signalOf } from './classify.js';
import { launch, type Launched, type ProcessLimits } from './launch.js';
import { cgroupMeter, type Meter, treeMeter } from './meter.js';
import { closeFiles, type OpenFile, openFiles } from './open-files.js';
import { type BubblewrapOptions, DEFAULT_RUNS_MAX } from './options.js';
import { killTree, tasksOfUser } from '../process-tree.js';
import { type Ending, supervise } from './supervise.js';
import { findToolchain, type Toolchain } from './toolchain.js';

const DRIVER = 'bubblewrap';
/** bwrap outside and inside, the code itself, and the threads Node starts on its own. */
const OWN_TASKS = { python: 3, javascript: 16 };
/** Address space beyond the memory limit: libraries, thread stacks and arenas are reserved, not used. */
const ADDRESS_SPACE_SLACK_BYTES = 536_870_912;

interface Ground {
  tools: Toolchain;
  cgroups: CgroupHost | null;
}

/**
 * Tier T2: namespaces by bubblewrap, a system call filter, an unprivileged user, and control groups for
 * memory, processes and CPU. Where those are not writable, rlimits and a look at /proc every few
 * milliseconds stand in, and CPU and memory are reported as unmetered.
 */
export class BubblewrapSandbox extends Sandbox {
  readonly #options: BubblewrapOptions;
  readonly #slots: Semaphore;
  #ground: Ground | null = null;
  #proven: string[] | null = null;
  #sequence = 0;

  constructor(options: BubblewrapOptions = {}) {
    super();
    this.#options = options;
    this.#slots = new Semaphore(options.runsMax ?? DEFAULT_RUNS_MAX, 0);
  }

  async run(request: SandboxRequest, signal?: AbortSignal): Promise<SandboxResult> {
    const mechanisms = this.#proven;
    const ground = this.#ground;
    if (mechanisms === null || ground === null) {
      throw new MeshError('SANDBOX_UNAVAILABLE', 'the isolation of this machine is not proven; probe it first', { details: { driver: DRIVER } });
    }
    const checked = checkRequest(request);
    return this.#slots.run(() => this.#execute(ground, checked, mechanisms, signal));
  }

  async probe(): Promise<SandboxCapabilities> {
    try {
      const ground = await this.#findGround();
      const capabilities = await runProbe({
        driver: DRIVER,
        limitedBy: ground.cgroups ? `cgroup-v${ground.cgroups.version}` : 'rlimit-and-watch',
        hasPython: ground.tools.python !== null,
        notes: ground.tools.notes,
        run: (request, signal) => this.#execute(ground, checkRequest(request), [], signal),
      });
      this.#ground = ground;
      this.#proven = capabilities.available ? capabilities.mechanisms : null;
      return capabilities;
    } catch (error) {
      this.#proven = null;
      const failure = error instanceof Error ? error.message : String(error);
      return { driver: DRIVER, tier: 'T2', available: false, languages: [], mechanisms: [], failures: [failure] };
    }
  }

  async #findGround(): Promise<Ground> {
    const tools = await findToolchain(this.#options);
    if (this.#options.cgroups === 'none') return { tools, cgroups: null };
    const { host, why } = await findCgroup();
    if (!host) tools.notes.push(why);
    return { tools, cgroups: host };
  }

  async #execute(ground: Ground, request: CheckedRequest, mechanisms: string[], signal?: AbortSignal): Promise<SandboxResult> {
    if (request.language === 'python' && !ground.tools.python) {
      throw new MeshError('SANDBOX_UNAVAILABLE', 'no Python interpreter can be used here', { details: { driver: DRIVER } });
    }
    const files = await openFiles(request.files, this.#options.fileRoots ?? []);
    let cgroup: RunCgroup | null = null;
    try {
      cgroup = await this.#createCgroup(ground, request, files);
      return await this.#supervised(ground.tools, request, files, cgroup, mechanisms, signal);
    } catch (error) {
      if (error instanceof MeshError) throw error;
      throw new MeshError('SANDBOX_UNAVAILABLE', 'the sandbox could not be started or watched', { details: { driver: DRIVER }, cause: error });
    } finally {
      await closeFiles(files);
      await cgroup?.remove();
    }
  }

  async #createCgroup({ cgroups }: Ground, { limits, language }: CheckedRequest, files: readonly OpenFile[]): Promise<RunCgroup | null> {
    if (!cgroups) return null;
    return cgroups.create(runFolderName(this.#sequence++), {
      memoryBytes: limits.memoryBytes + mountedBytes(files),
      pidsMax: limits.pidsMax + OWN_TASKS[language],
    });
  }

  async #supervised(
    tools: Toolchain,
    request: CheckedRequest,
    files: readonly OpenFile[],
    cgroup: RunCgroup | null,
    mechanisms: string[],
    signal: AbortSignal | undefined,
  ): Promise<SandboxResult> {
    const { limits, language } = request;
    const startedAtMs = performance.now();
    const launched = await launch(request, files, tools, processLimits(request, tools, cgroup !== null, this.#slots.slots));
    const meter = cgroup ? cgroupMeter(cgroup, limits, mountedBytes(files)) : treeMeter(launched.pid, limits, limits.pidsMax + OWN_TASKS[language]);
    await enter(launched, cgroup);
    const ending = await supervise(launched, limits, meter, signal, startedAtMs);
    return resultOf(request, ending, meter, mechanisms);
  }
}

/** Into the control groups first, and only then on: nothing of the run is ever outside them. */
async function enter(launched: Launched, cgroup: RunCgroup | null): Promise<void> {
  try {
    await cgroup?.join(launched.pid);
    launched.open();
  } catch (error) {
    killTree(launched.pid);
    throw error;
  }
}

function processLimits({ limits, language }: CheckedRequest, { identity }: Toolchain, hasCgroup: boolean, runsMax: number): ProcessLimits {
  const cpuSeconds = Math.ceil(limits.cpuMs / 1_000) + 1;
  if (hasCgroup) return { cpuSeconds, tasks: 'unlimited', addressSpaceKib: 'unlimited' };
  const uid = identity?.uid ?? process.geteuid?.() ?? 0;
  return {
    cpuSeconds,
    // Counted over all processes of the user, so there must be room for the other runs: a wall behind the watch, not the limit.
    tasks: tasksOfUser(uid) + 2 * runsMax * (limits.pidsMax + OWN_TASKS[language]),
    // V8 reserves more address space than any sensible limit.
    addressSpaceKib: language === 'python' ? Math.ceil((limits.memoryBytes + ADDRESS_SPACE_SLACK_BYTES) / 1_024) : 'unlimited',
  };
}

function resultOf({ limits, language }: CheckedRequest, ending: Ending, meter: Meter, mechanisms: string[]): SandboxResult {
  const { stdout, stderr, isUtf8 } = ending.output;
  const metered = meter.usage();
  const killCause = classifyEnd(ending, meter.enforced(), language, limits, metered.cpuMs);
  const { innerExit } = ending;
  if (innerExit === null && killCause === 'none') {
    throw new MeshError('SANDBOX_UNAVAILABLE', 'bubblewrap could not set up the sandbox', { details: { driver: DRIVER, said: stderr.slice(0, 300) } });
  }
  const signal = killCause === 'none' ? signalOf(innerExit) : null;
  return {
    exitCode: killCause === 'none' && signal === null ? innerExit : null,
    signal,
    stdout,
    stderr,
    outputIsUtf8: isUtf8,
    receipt: {
      driver: DRIVER,
      mechanisms,
      limits,
      usage: { wallMs: ending.wallMs, ...metered, outputBytes: ending.outputBytes },
      killCause,
      egress: [],
    },
  };
}

function mountedBytes(files: readonly OpenFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
