import type { ToolManifest } from '@signalbox/contracts';
import table from './injecagent-labels.json' with { type: 'json' };

type Labels = Partial<Pick<ToolManifest, 'effect'>> & Record<string, unknown>;

/** What the manifest of an InjecAgent tool says, by the table beside; of a tool that is not in it, nothing. */
export function labelsOf(tool: string): Labels {
  for (const { labels, tools } of [table.own, table.facts, table.public])
    if (tools.includes(tool)) return labels as Labels;
  const roles = (table.addressed.tools as Record<string, Record<string, string>>)[tool];
  if (roles === undefined) return {};
  const listed = Object.entries(roles).map(([name, role]) => ({ pointer: `/${name}`, role }));
  return { ...(table.addressed.labels as Labels), roles: listed };
}
