import type { ToolManifest } from '@signalbox/contracts';
import { parsePointer } from '@signalbox/kernel';
import { parseHostPattern } from '@signalbox/policy-engine';

type Fault = [field: string, message: string];

/** Drivers whose results are for the model to read, or nothing at all. */
const NEVER_OPAQUE: ReadonlySet<ToolManifest['driver']['kind']> = new Set(['timer', 'signal', 'handoff']);

/** What a manifest says about the flow of information and could not be true or of use. */
export function labelFaults(tool: ToolManifest): Fault[] {
  const { driver, egress, provenance, opaque } = tool;
  const faults = roleFaults(tool);
  // Whoever owns a name below the wildcard is told the arguments.
  const isOpen = driver.kind === 'http' && driver.address === undefined;
  if (isOpen && egress === false && driver.hosts.some((host) => parseHostPattern(host)?.wildcard))
    faults.push(['egress', 'cannot be false while driver.hosts has a wildcard: it is not known who is told']);
  if (provenance === true && !tool.roles?.some(({ role }) => role === 'address'))
    faults.push(['provenance', 'needs an argument with the role address']);
  if (opaque !== undefined && NEVER_OPAQUE.has(driver.kind))
    faults.push(['opaque', `has no meaning for the driver ${driver.kind}`]);
  return faults;
}

function roleFaults({ roles = [], parameters }: ToolManifest): Fault[] {
  const properties = (parameters['properties'] ?? {}) as Record<string, unknown>;
  return roles.flatMap(({ pointer, role, max, charsMax }, index): Fault[] => {
    const at = `roles.${index}`;
    const faults: Fault[] = [];
    const [name] = parsePointer(pointer) ?? [];
    if (name === undefined) return [[`${at}.pointer`, 'must be a JSON pointer']];
    if (!Object.hasOwn(properties, name)) faults.push([`${at}.pointer`, `there is no argument ${name}`]);
    if (roles.findIndex((other) => other.pointer === pointer) !== index)
      faults.push([`${at}.pointer`, 'has a role already']);
    if (max !== undefined && role !== 'amount') faults.push([`${at}.max`, 'belongs to the role amount']);
    if (charsMax !== undefined && role !== 'body') faults.push([`${at}.charsMax`, 'belongs to the role body']);
    return faults;
  });
}
