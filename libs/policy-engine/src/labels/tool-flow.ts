import {
  type ArgumentRole,
  type CallLabels,
  type Clearance,
  joinLabels,
  type Label,
  TENANT_READERS,
  type ToolManifest,
  TRUSTED,
} from '@signalbox/contracts';
import { pointsWithin } from '@signalbox/kernel';
import { parseHostPattern } from '../rules/url-host.js';

/** What a tool does with information: its manifest with the worst case for whatever it does not say. */
export interface ToolFlow {
  source: Label['integrity'];
  sensitivity: readonly string[];
  /** A call changes something outside. */
  isConsequential: boolean;
  /** A call tells somebody outside its arguments. */
  egress: boolean;
  /** What those may read. */
  readers: Clearance;
}

/** Drivers that reach nobody: what they set going is decided about by itself, under the labels of the call. */
const INSIDE: ReadonlySet<ToolManifest['driver']['kind']> = new Set(['inline', 'timer', 'signal', 'agent', 'handoff']);

export function toolFlow(tool: ToolManifest): ToolFlow {
  const { source = 'untrusted', sensitivity = [TENANT_READERS], readers = [], driver, effect } = tool;
  const isConsequential = effect !== 'pure' && !INSIDE.has(driver.kind);
  return { source, sensitivity, isConsequential, egress: tellsOthers(tool), readers };
}

/**
 * A request to an address that the model chooses tells its owner whatever the model puts there, be it only read. So an
 * HTTP tool tells others, unless its manifest says that where it goes is our own, by its very name, or a call leaves no
 * choice: only GET, to one address or exact hosts, and every argument fixed by the schema.
 */
function tellsOthers({ driver, egress, parameters }: ToolManifest): boolean {
  if (egress === true) return true;
  if (INSIDE.has(driver.kind) || driver.kind === 'code') return false;
  // Of a driver that is not known here, the worst case.
  if (driver.kind !== 'http') return egress !== false;
  const isPinned =
    driver.address !== undefined || driver.hosts.every((one) => parseHostPattern(one)?.wildcard === false);
  if (!isPinned) return true;
  return egress !== false && !(driver.methods.every((method) => method === 'GET') && isFixed(parameters));
}

function isFixed({ properties, additionalProperties }: Record<string, unknown>): boolean {
  if (additionalProperties !== false || properties === null || typeof properties !== 'object') return false;
  return Object.values(properties as Record<string, unknown>).every(
    (schema) => schema !== null && typeof schema === 'object' && ('const' in schema || 'enum' in schema),
  );
}

/**
 * What decides a call, as one label: its context and every argument but the mere content (`body`) for whether it is
 * trusted, and all of it for who may read it.
 */
export function callLabel({ context, arguments: own }: CallLabels, roles: readonly ArgumentRole[] = []): Label {
  if (own === undefined) return context;
  let label = context;
  for (const [pointer, one] of Object.entries(own))
    label = joinLabels(label, roleAt(roles, pointer)?.role === 'body' ? { ...one, integrity: TRUSTED.integrity } : one);
  return label;
}

/** The role that the nearest pointer above says; undefined: none does. */
export function roleAt(roles: readonly ArgumentRole[], pointer: string): ArgumentRole | undefined {
  let nearest: ArgumentRole | undefined;
  for (const role of roles) {
    if (pointsWithin(pointer, role.pointer) && role.pointer.length > (nearest?.pointer.length ?? -1)) nearest = role;
  }
  return nearest;
}
