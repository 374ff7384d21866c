import {
  assemble,
  type BpfInstruction,
  give,
  ifAnyBit,
  ifAtLeast,
  ifEqual,
  load,
  VERDICT_ALLOW,
  VERDICT_KILL_PROCESS,
  verdictErrno,
} from './bpf.js';
import { ABSENT_SYSCALLS, CHECKED_SYSCALLS, DENIED_SYSCALLS, type SyscallNumbers } from './syscalls.js';

export type SeccompArch = 'x64' | 'arm64';

/** linux/audit.h */
const AUDIT_ARCH: Record<SeccompArch, number> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
/** Numbers from here on are the x32 ABI, a second door to every system call. */
const X32_BIT = 0x4000_0000;

const OFFSET_NUMBER = 0;
const OFFSET_ARCH = 4;
/** Low halves of the first two arguments. */
const OFFSET_ARG0 = 16;
const OFFSET_ARG1 = 24;

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const CLONE_NEW_ANY = 0x7e02_0000;
/** AF_UNIX, AF_INET, AF_INET6. Netlink, vsock, packet and alg sockets reach the kernel or the hypervisor. */
const SOCKET_FAMILIES = [1, 2, 10];
/** TIOCSTI and TIOCLINUX push input into a terminal. */
const TERMINAL_PUSHES = [0x5412, 0x541c];

export function isSeccompArch(arch: string): arch is SeccompArch {
  return arch === 'x64' || arch === 'arm64';
}

/** The deny-list as instructions; see `syscalls.ts` for what is in it. */
export function seccompProgram(arch: SeccompArch): BpfInstruction[] {
  const refuse = (table: Record<string, SyscallNumbers>, errno: number): BpfInstruction[] =>
    Object.values(table).flatMap((numbers) => {
      const number = numbers[arch];
      return number === undefined ? [] : [ifEqual(number, 0, 1), give(verdictErrno(errno))];
    });
  return [
    load(OFFSET_ARCH),
    ifEqual(AUDIT_ARCH[arch], 1, 0),
    give(VERDICT_KILL_PROCESS),
    load(OFFSET_NUMBER),
    ...(arch === 'x64' ? [ifAtLeast(X32_BIT, 0, 1), give(VERDICT_KILL_PROCESS)] : []),
    ...refuse(DENIED_SYSCALLS, EPERM),
    ...refuse(ABSENT_SYSCALLS, ENOSYS),
    ...when(CHECKED_SYSCALLS.clone[arch], [
      load(OFFSET_ARG0),
      ifAnyBit(CLONE_NEW_ANY, 0, 1),
      give(verdictErrno(EPERM)),
      give(VERDICT_ALLOW),
    ]),
    ...when(CHECKED_SYSCALLS.socket[arch], [
      load(OFFSET_ARG0),
      ...SOCKET_FAMILIES.flatMap((family) => [ifEqual(family, 0, 1), give(VERDICT_ALLOW)]),
      give(verdictErrno(EAFNOSUPPORT)),
    ]),
    ...when(CHECKED_SYSCALLS.ioctl[arch], [
      load(OFFSET_ARG1),
      ...TERMINAL_PUSHES.flatMap((command) => [ifEqual(command, 0, 1), give(verdictErrno(EPERM))]),
      give(VERDICT_ALLOW),
    ]),
    give(VERDICT_ALLOW),
  ];
}

/** `body` for one system call; it must end in a verdict, since it overwrites the number. */
function when(number: number, body: BpfInstruction[]): BpfInstruction[] {
  return [ifEqual(number, 0, body.length), ...body];
}

export function seccompFilter(arch: SeccompArch): Buffer {
  return assemble(seccompProgram(arch));
}
