/** The part of `nx graph --file` that is read. */
export interface ProjectGraph {
  nodes: Record<string, { data: { tags?: string[] } }>;
  dependencies: Record<string, { source: string; target: string }[]>;
}

const TYPE = 'type:';
/** Specs of any project start test servers; that only specs do, dependency-cruiser checks file by file. */
const FOR_SPECS = ['type:testing', 'type:tooling'];

/**
 * One line for each project without exactly one known `type:` tag and for each edge that `allowed` (type of the
 * importer → types it may import) does not have.
 */
export function tagViolations(graph: ProjectGraph, allowed: Record<string, string[]>): string[] {
  const types = new Map<string, string>();
  const found: string[] = [];
  for (const [name, node] of Object.entries(graph.nodes)) {
    const own = (node.data.tags ?? []).filter((tag) => tag.startsWith(TYPE));
    if (own.length === 1 && own[0] !== undefined && own[0] in allowed) types.set(name, own[0]);
    else found.push(`${name} needs exactly one type tag of ${Object.keys(allowed).join(', ')} in nx.tags`);
  }
  for (const { source, target } of Object.values(graph.dependencies).flat()) {
    const [from, to] = [types.get(source), types.get(target)];
    if (from === undefined || to === undefined || FOR_SPECS.includes(to)) continue;
    if (!allowed[from]?.includes(to)) found.push(`${source} (${from}) may not import ${target} (${to})`);
  }
  return found;
}
