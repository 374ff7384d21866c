import { MeshError, Semaphore } from '@signalbox/kernel';
import type { CgroupHost, RunCgroup } from '../cgroup/cgroup.js';
import { findCgroup, runFolderName } from '../cgroup/find-cgroup.js';
import { runProbe } from '../probe/probe.js';
import { type CheckedRequest, checkRequest } from '../request-check.js';
import { Sandbox, type SandboxCapabilities, type SandboxRequest, type SandboxResult } from '../sandbox.port.js';
import { launch, type Launched } from './launch.js';
import { cgroupMeter, treeMeter } from './meter.js';
import { closeFiles, type OpenFile, openFiles } from './open-files.js';
import { type BubblewrapOptions, DEFAULT_RUNS_MAX } from './options.js';
import { killTree, namespacesEnded } from '../process-tree.js';
import { OWN_TASKS, processLimits } from './process-limits.js';
import { DRIVER, resultOf } from './result.js';
import { supervise } from './supervise.js';
import { findToolchain, type Toolchain } from './toolchain.js';

/** How long the kernel may take to end the processes of a run. */
const END_WAIT_MS = 5_000;
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
      throw new MeshError('SANDBOX_UNAVAILABLE', 'the isolation of this machine is not proven; probe it first', {
        details: { driver: DRIVER },
      });
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
      return {
        driver: DRIVER,
        tier: 'T2',
        available: false,
        languages: [],
        mechanisms: [],
        failures: [describe(error)],
      };
    }
  }

  async #findGround(): Promise<Ground> {
    const tools = await findToolchain(this.#options);
    if (this.#options.cgroups === 'none') return { tools, cgroups: null };
    const { host, why } = await findCgroup();
    if (!host) tools.notes.push(why);
    return { tools, cgroups: host };
  }

  async #execute(
    ground: Ground,
    request: CheckedRequest,
    mechanisms: string[],
    signal?: AbortSignal,
  ): Promise<SandboxResult> {
    if (request.language === 'python' && !ground.tools.python) {
      throw new MeshError('SANDBOX_UNAVAILABLE', 'no Python interpreter can be used here', {
        details: { driver: DRIVER },
      });
    }
    const files = await openFiles(request.files, this.#options.fileRoots ?? []);
    let cgroup: RunCgroup | null = null;
    try {
      cgroup = await this.#createCgroup(ground, request, files);
      return await this.#supervised(ground.tools, request, files, cgroup, mechanisms, signal);
    } catch (error) {
      if (error instanceof MeshError) throw error;
      throw new MeshError('SANDBOX_UNAVAILABLE', 'the sandbox could not be started or watched', {
        details: { driver: DRIVER },
        cause: error,
      });
    } finally {
      await closeFiles(files);
      await this.#clear(cgroup);
    }
  }

  async #clear(cgroup: RunCgroup | null): Promise<void> {
    try {
      await cgroup?.remove();
    } catch (error) {
      throw this.#withdraw('a run could not be cleared away', error);
    }
  }

  /** Who cannot be killed has got away: no further run until a probe says otherwise. */
  #withdraw(message: string, cause?: unknown): MeshError {
    this.#proven = null;
    return new MeshError('SANDBOX_UNAVAILABLE', message, { details: { driver: DRIVER }, cause });
  }

  async #createCgroup(
    { cgroups }: Ground,
    { limits, language }: CheckedRequest,
    files: readonly OpenFile[],
  ): Promise<RunCgroup | null> {
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
    const launched = await launch(
      request,
      files,
      tools,
      processLimits(request, tools, cgroup !== null, this.#slots.slots),
    );
    const meter = cgroup
      ? cgroupMeter(cgroup, limits, mountedBytes(files))
      : treeMeter(launched.pid, limits, limits.pidsMax + OWN_TASKS[language]);
    await enter(launched, cgroup);
    const ending = await supervise(launched, limits, meter, signal, startedAtMs);
    if (!(await namespacesEnded(ending.inits, END_WAIT_MS))) throw this.#withdraw('processes outlived their run');
    return resultOf(request, ending, meter, mechanisms);
  }
}

/** The reason down to its root: a probe's answer is read by whoever sets the machine up. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = error instanceof MeshError ? error.details['said'] : undefined;
  const quoted = typeof said === 'string' ? `: ${said.trim()}` : '';
  return `${error.message}${quoted}${error.cause === undefined ? '' : `: ${describe(error.cause)}`}`;
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

function mountedBytes(files: readonly OpenFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
