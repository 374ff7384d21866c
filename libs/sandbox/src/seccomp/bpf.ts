/** Classic BPF as the kernel reads it for seccomp (linux/filter.h): 8 bytes an instruction, little endian. */
export interface BpfInstruction {
  code: number;
  /** Instructions to skip when the test holds, or does not. */
  jt: number;
  jf: number;
  k: number;
}

const LOAD_WORD_ABSOLUTE = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const JUMP_IF_ANY_BIT = 0x45;
const RETURN = 0x06;

/** Loads the 32-bit word at `offset` of struct seccomp_data. */
export const load = (offset: number): BpfInstruction => ({ code: LOAD_WORD_ABSOLUTE, jt: 0, jf: 0, k: offset });
export const ifEqual = (k: number, jt: number, jf: number): BpfInstruction => ({ code: JUMP_IF_EQUAL, jt, jf, k });
export const ifAtLeast = (k: number, jt: number, jf: number): BpfInstruction => ({ code: JUMP_IF_AT_LEAST, jt, jf, k });
export const ifAnyBit = (k: number, jt: number, jf: number): BpfInstruction => ({ code: JUMP_IF_ANY_BIT, jt, jf, k });
export const give = (verdict: number): BpfInstruction => ({ code: RETURN, jt: 0, jf: 0, k: verdict });

export const VERDICT_ALLOW = 0x7fff_0000;
export const VERDICT_KILL_PROCESS = 0x8000_0000;
/** The call fails with `errno` and is not made. */
export const verdictErrno = (errno: number): number => 0x0005_0000 | errno;

export function assemble(program: readonly BpfInstruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(({ code, jt, jf, k }, index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  });
  return bytes;
}
