import { isSeccompArch } from '../seccomp/filter.js';
import { ABSENT_SYSCALLS, CHECKED_SYSCALLS, DENIED_SYSCALLS } from '../seccomp/syscalls.js';

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

const PTRACE_TRACEME = 0;
const CLONE_NEWUSER = 0x1000_0000;
const SIGCHLD = 17;
const KEY_SPEC_SESSION_KEYRING = -3;
const AF_NETLINK = 16;
const AF_VSOCK = 40;
const SOCK_STREAM = 1;
const SOCK_RAW = 3;

/** Calls that would work, or fail otherwise, without the filter: name → number and arguments. */
export function forbiddenCalls(): Record<string, number[]> {
  const { arch } = process;
  if (!isSeccompArch(arch)) return {};
  return {
    ptrace: [DENIED_SYSCALLS.ptrace[arch], PTRACE_TRACEME],
    unshare: [DENIED_SYSCALLS.unshare[arch], CLONE_NEWUSER],
    keyctl: [DENIED_SYSCALLS.keyctl[arch], 0, KEY_SPEC_SESSION_KEYRING, 0],
    mount: [DENIED_SYSCALLS.mount[arch], 0, 0, 0, 0, 0],
    bpf: [DENIED_SYSCALLS.bpf[arch], 0, 0, 0],
    clone: [CHECKED_SYSCALLS.clone[arch], CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0],
    clone3: [ABSENT_SYSCALLS.clone3[arch], 0, 0],
    io_uring_setup: [ABSENT_SYSCALLS.io_uring_setup[arch], 1, 0],
    netlink: [CHECKED_SYSCALLS.socket[arch], AF_NETLINK, SOCK_RAW, 0],
    vsock: [CHECKED_SYSCALLS.socket[arch], AF_VSOCK, SOCK_STREAM, 0],
  };
}

export function expectedErrno(name: string): number {
  if (name === 'netlink' || name === 'vsock') return EAFNOSUPPORT;
  return name in ABSENT_SYSCALLS ? ENOSYS : EPERM;
}
