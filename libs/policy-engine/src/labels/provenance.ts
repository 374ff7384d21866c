import type { CallLabels, ToolManifest } from '@signalbox/contracts';
import { leavesOf } from '@signalbox/kernel';
import { roleAt } from './tool-flow.js';

/** Values of one call that are looked at. */
const LEAVES_MAX = 256;

/**
 * Whether the call is what the user asked for: the tool goes by that, every address stands word for word in trusted
 * input, and all else does so too or keeps within the bounds of its role.
 */
export function isAskedFor(tool: ToolManifest, { literal = [], plain = [] }: CallLabels, args: unknown): boolean {
  if (tool.provenance !== true) return false;
  const leaves = leavesOf(args, LEAVES_MAX);
  if (leaves.length > LEAVES_MAX) return false;
  const said = new Set(literal);
  const tame = new Set(plain);
  let addresses = 0;
  const fits = leaves.every(([pointer, value]) => {
    const role = roleAt(tool.roles ?? [], pointer);
    if (role?.role === 'address') addresses += 1;
    if (said.has(pointer)) return true;
    if (role?.role === 'amount')
      return typeof value === 'number' && role.max !== undefined && value >= 0 && value <= role.max;
    if (role?.role !== 'body' || typeof value !== 'string' || role.charsMax === undefined) return false;
    return value.length <= role.charsMax && tame.has(pointer);
  });
  return fits && addresses > 0;
}
