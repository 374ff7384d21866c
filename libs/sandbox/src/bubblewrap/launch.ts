import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { CheckedRequest } from '../request-check.js';
import {
  bwrapOptions,
  FD_CODE,
  FD_FIRST_FILE,
  FD_GATE_AND_ARGS,
  FD_SECCOMP,
  FD_STATUS,
  innerCommand,
} from './arguments.js';
import type { OpenFile } from './open-files.js';
import type { Toolchain } from './toolchain.js';

/** Limits the kernel keeps per process; `unlimited` is the shell's word. */
export interface ProcessLimits {
  /** Backstop behind the metered limit: each process of a run has its own count. */
  cpuSeconds: number;
  /** Counted over the user's processes in all runs. */
  tasks: number | 'unlimited';
  /** Counted in the user namespace of this run alone, since Linux 5.14. */
  tasksInside: number | 'unlimited';
  addressSpaceKib: number | 'unlimited';
}

const OPEN_FILES_MAX = 256;
/** bwrap writes two short JSON lines. */
const STATUS_BYTES_MAX = 65_536;

/**
 * Waits at the gate until the process is in its control groups, lowers the limits (a limit that is
 * lower already stays) and becomes bwrap. dash has -p for processes, bash -u.
 */
const LAUNCH_SCRIPT = `
read -r gate <&${FD_GATE_AND_ARGS} || exit 125
cpu=$1 tasks=$2 space=$3
shift 3
{
  ulimit -c 0; ulimit -n ${OPEN_FILES_MAX}; ulimit -t "$cpu"
  [ "$space" = unlimited ] || ulimit -v "$space"
  [ "$tasks" = unlimited ] || ulimit -p "$tasks" || ulimit -u "$tasks"
} 2>/dev/null
exec "$@"
`;

/** A started sandbox that waits at its gate. */
export interface Launched {
  child: ChildProcess;
  pid: number;
  stdout: Readable;
  stderr: Readable;
  /** Settles when the process is gone, and when its pipes are closed too. */
  exited: Promise<void>;
  closed: Promise<void>;
  /** Lets it go on, once its control groups hold it. */
  open(): void;
  /** What bwrap said of the code's end; null while it has not, or when the code never ran. */
  innerExit(): number | null;
  /** The first process of its pid namespace; null while bwrap has not said. */
  initPid(): number | null;
}

/** Throws the system's error when the process cannot be made. */
export async function launch(
  request: CheckedRequest,
  files: readonly OpenFile[],
  tools: Toolchain,
  limits: ProcessLimits,
): Promise<Launched> {
  const options = bwrapOptions(request, files, tools);
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      LAUNCH_SCRIPT,
      'sandbox',
      String(limits.cpuSeconds),
      String(limits.tasks),
      String(limits.addressSpaceKib),
      tools.bwrap,
      '--args',
      String(FD_GATE_AND_ARGS),
      '--',
      ...innerCommand(request, tools, limits.tasksInside),
    ],
    // The empty environment is the point: bwrap's own stays readable inside at /proc/1/environ.
    {
      cwd: '/',
      env: {},
      stdio: Array.from({ length: FD_FIRST_FILE + files.length }, () => 'pipe' as const),
      ...tools.identity,
    },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.on('error', reject);
  });
  // Typed for five descriptors only.
  const stdio: readonly unknown[] = child.stdio;
  const pipe = (fd: number): Writable => quiet(stdio[fd] as Writable);
  const status = collectStatus(stdio[FD_STATUS] as Readable);
  return {
    child,
    pid: child.pid as number,
    stdout: stdio[1] as Readable,
    stderr: stdio[2] as Readable,
    exited,
    closed,
    open: () => {
      pipe(FD_GATE_AND_ARGS).end(`go\n${options.map((option) => `${option}\0`).join('')}`);
      pipe(FD_SECCOMP).end(tools.seccomp);
      pipe(FD_CODE).end(request.code);
      pipe(0).end(request.input);
      files.forEach((file, index) => sendFile(file, pipe(FD_FIRST_FILE + index)));
    },
    innerExit: () => statusNumber(status(), 'exit-code'),
    initPid: () => statusNumber(status(), 'child-pid'),
  };
}

function sendFile({ handle, sizeBytes }: OpenFile, pipe: Writable): void {
  if (sizeBytes === 0) {
    pipe.end();
    return;
  }
  const source = handle.createReadStream({ start: 0, end: sizeBytes - 1, autoClose: false });
  source.on('error', () => pipe.destroy());
  pipe.on('close', () => source.destroy());
  source.pipe(pipe);
}

/** A killed sandbox breaks its pipes; the exit tells why, not the pipe. */
function quiet(pipe: Writable): Writable {
  return pipe.on('error', () => pipe.destroy());
}

function collectStatus(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    if (text.length < STATUS_BYTES_MAX) text += chunk.toString('utf8');
  });
  stream.on('error', () => stream.destroy());
  return () => text;
}

function statusNumber(status: string, key: string): number | null {
  const found = new RegExp(`"${key}":\\s*(\\d+)`).exec(status)?.[1];
  return found === undefined ? null : Number(found);
}
