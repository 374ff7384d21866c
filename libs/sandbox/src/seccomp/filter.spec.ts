import { describe, expect, it } from 'vitest';
import { VERDICT_ALLOW, VERDICT_KILL_PROCESS, verdictErrno } from './bpf.js';
import { type SeccompArch, seccompFilter } from './filter.js';
import { ABSENT_SYSCALLS, CHECKED_SYSCALLS, DENIED_SYSCALLS, type SyscallNumbers } from './syscalls.js';

const AUDIT = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
const AUDIT_I386 = 0x4000_0003;

/** Runs the assembled bytes as the kernel would. */
function verdict(filter: Buffer, arch: number, number: number, args: number[] = []): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number >>> 0, 0);
  data.writeUInt32LE(arch, 4);
  args.forEach((arg, index) => data.writeUInt32LE(arg >>> 0, 16 + index * 8));
  let accumulator = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const code = filter.readUInt16LE(at * 8);
    const k = filter.readUInt32LE(at * 8 + 4);
    const jump = (holds: boolean): number => filter.readUInt8(at * 8 + (holds ? 2 : 3));
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x15) at += jump(accumulator === k);
    else if (code === 0x35) at += jump(accumulator >= k);
    else if (code === 0x45) at += jump((accumulator & k) !== 0);
    else if (code === 0x06) return k;
    else throw new Error(`instruction ${code.toString(16)} is not known`);
  }
  throw new Error('the filter ran off its end');
}

describe.each<SeccompArch>(['x64', 'arm64'])('the seccomp filter on %s', (arch) => {
  const filter = seccompFilter(arch);
  const on = (number: number, args: number[] = []): number => verdict(filter, AUDIT[arch], number, args);
  const numbers = (table: Record<string, SyscallNumbers>): number[] =>
    Object.values(table).flatMap((entry) => entry[arch] ?? []);

  it('refuses every call on the deny-list and hides what libraries can do without', () => {
    for (const number of numbers(DENIED_SYSCALLS)) expect(on(number)).toBe(verdictErrno(1));
    for (const number of numbers(ABSENT_SYSCALLS)) expect(on(number)).toBe(verdictErrno(38));
    expect(numbers(DENIED_SYSCALLS).length).toBeGreaterThan(50);
  });

  it('allows every other call', () => {
    const listed = new Set([DENIED_SYSCALLS, ABSENT_SYSCALLS, CHECKED_SYSCALLS].flatMap(numbers));
    for (let number = 0; number < 460; number++) {
      if (!listed.has(number)) expect(on(number)).toBe(VERDICT_ALLOW);
    }
  });

  it('kills a call through a foreign architecture', () => {
    expect(verdict(filter, AUDIT_I386, 1)).toBe(VERDICT_KILL_PROCESS);
    expect(verdict(filter, AUDIT[arch === 'x64' ? 'arm64' : 'x64'], 1)).toBe(VERDICT_KILL_PROCESS);
    if (arch === 'x64') expect(on(0x4000_0000 + 1)).toBe(VERDICT_KILL_PROCESS);
  });

  it('lets clone start threads and processes but no namespace', () => {
    const clone = CHECKED_SYSCALLS.clone[arch];
    const threadFlags = 0x003d_0f00;
    expect(on(clone, [threadFlags])).toBe(VERDICT_ALLOW);
    for (const flag of [0x1000_0000, 0x0002_0000, 0x2000_0000, 0x4000_0000]) {
      expect(on(clone, [flag | 17])).toBe(verdictErrno(1));
    }
  });

  it('lets sockets be local or internet, nothing that talks to kernel or hypervisor', () => {
    const socket = CHECKED_SYSCALLS.socket[arch];
    for (const family of [1, 2, 10]) expect(on(socket, [family])).toBe(VERDICT_ALLOW);
    for (const family of [16, 17, 38, 40]) expect(on(socket, [family])).toBe(verdictErrno(97));
  });

  it('refuses to push input into a terminal', () => {
    const ioctl = CHECKED_SYSCALLS.ioctl[arch];
    expect(on(ioctl, [0, 0x5412])).toBe(verdictErrno(1));
    expect(on(ioctl, [0, 0x5401])).toBe(VERDICT_ALLOW);
  });
});
