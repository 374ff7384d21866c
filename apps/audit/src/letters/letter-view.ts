import { MeshError, parseJson } from '@signalbox/kernel';
import { createRuleset, safeView } from '@signalbox/privacy';

const HEAD_BYTES_MAX = 512;
const NEWLINE = 0x0a;
const ruleset = createRuleset();

/**
 * What a message of CORE says, for an operator's eyes: its kind, its author as it names itself, and its body, cleaned once
 * more, since it may be dead for the very reason that it is no message of ours. Null where it cannot be read.
 */
export function letterView(data: Uint8Array): unknown {
  const end = data.subarray(0, HEAD_BYTES_MAX).indexOf(NEWLINE);
  const [version, kind, author, ...rest] = Buffer.from(data.subarray(0, Math.max(end, 0)))
    .toString('latin1')
    .split(' ');
  if (version !== 'sb1' || kind === undefined || author === undefined || rest.length !== 1) return null;
  try {
    return safeView({ kind, author, body: parseJson(data.subarray(end + 1)) }, ruleset);
  } catch (error) {
    if (MeshError.from(error).kind === 'bug') throw error;
    return null;
  }
}
