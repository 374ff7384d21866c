import type { AgentManifest, ModelManifest, Rule, ToolManifest, Waiver } from '@signalbox/contracts';
import type { Scenario, ScenarioAgent, ScenarioCall, ScenarioTool } from './scenario.ts';
import { addressOf } from './world.ts';

const LIMITS: AgentManifest['limits'] = {
  stepsMax: 40,
  tokensMax: 10_000_000,
  costNanoUsdMax: 1_000_000_000,
  toolCallsMax: 80,
  parallelToolCallsMax: 8,
  wallMsMax: 600_000,
  depthMax: 3,
};
const TOOL_LIMITS: ToolManifest['limits'] = {
  wallMs: 60_000,
  cpuMs: 1_000,
  memoryBytes: 67_108_864,
  pidsMax: 1,
  outputBytesMax: 262_144,
  tmpBytesMax: 0,
};
const MODEL: ModelManifest = {
  id: 'obeys',
  provider: 'default',
  inputNanoUsdPerToken: 0,
  outputNanoUsdPerToken: 0,
  outputTokensMax: 500,
  timeoutMs: 60_000,
};
const PURE_DRIVERS = new Set(['timer', 'signal', 'handoff', 'inline']);

export type Definition = [
  kind: 'models' | 'tools' | 'agents' | 'rules' | 'waivers',
  id: string,
  definition: ModelManifest | ToolManifest | AgentManifest | Rule | Waiver,
];

/** A call under the name that the mesh has for its tool. */
export interface BoundCall extends ScenarioCall {
  meshName: string;
  inside?: { calls: BoundCall[]; say?: string | undefined };
}

type Behind = ReadonlyMap<string, ScenarioAgent>;

/** Agents and tools of all scenarios under names that are theirs alone, each agent permitted to use all its tools. */
export class Definer {
  readonly #port: number;
  readonly #tools = new Map<string, string>();
  readonly #agents = new Map<string, { id: string; names: Map<string, string> }>();
  readonly #taken = new Set<string>();
  /** Each after what it names. */
  readonly #ordered: Definition[] = [['models', MODEL.id, MODEL]];

  constructor(port: number) {
    this.#port = port;
  }

  /** What has to be put for it, and was not there before. */
  add({ agent, behind }: Pick<Scenario, 'agent' | 'behind'>): Definition[] {
    const before = this.#ordered.length;
    this.#agent(agent, behind);
    return this.#ordered.slice(before);
  }

  /** Under which the mesh has the agent. */
  agentId(agent: ScenarioAgent): string {
    return this.#agents.get(keyOf(agent))!.id;
  }

  /** In the order in which they are to be put. */
  all(): readonly Definition[] {
    return this.#ordered;
  }

  bind(agent: ScenarioAgent, calls: readonly ScenarioCall[], behind: Behind): BoundCall[] {
    const { names } = this.#agents.get(keyOf(agent))!;
    return calls.map(({ inside, ...call }) => {
      const { driver } = agent.tools.find(({ name }) => name === call.tool)!;
      const inner = driver?.kind === 'agent' ? behind.get(driver.agent) : undefined;
      const bound: BoundCall = { ...call, meshName: names.get(call.tool)! };
      if (inside === undefined || inner === undefined) return bound;
      return { ...bound, inside: { ...inside, calls: this.bind(inner, inside.calls, behind) } };
    });
  }

  #agent(agent: ScenarioAgent, behind: Behind): string {
    const key = keyOf(agent);
    const had = this.#agents.get(key);
    if (had !== undefined) return had.id;
    const id = this.#free(agent.id.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 48));
    const names = new Map(agent.tools.map((tool) => [tool.name, this.#tool(tool, behind)]));
    const manifest: AgentManifest = {
      description: 'Under test.',
      instructions: agent.instructions,
      model: MODEL.id,
      limits: LIMITS,
      ...agent.manifest,
      id,
      tools: [...names.values()],
    };
    this.#agents.set(key, { id, names });
    this.#ordered.push(['agents', id, manifest], ['rules', `allow-${id}`, allowing(manifest)]);
    return id;
  }

  #tool(tool: ScenarioTool, behind: Behind): string {
    const key = keyOf(tool);
    const had = this.#tools.get(key);
    if (had !== undefined) return had;
    const name = this.#free(
      tool.name
        .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
        .toLowerCase()
        .slice(0, 56),
    );
    this.#tools.set(key, name);
    this.#ordered.push(['tools', name, this.#manifest(name, tool, behind)]);
    return name;
  }

  #manifest(name: string, { driver, ...tool }: ScenarioTool, behind: Behind): ToolManifest {
    const own = driver ?? {
      kind: 'http' as const,
      hosts: [`127.0.0.1:${this.#port}`],
      methods: ['POST' as const],
      address: addressOf(this.#port, name),
    };
    const inner = own.kind === 'agent' ? behind.get(own.agent) : undefined;
    return {
      ...tool,
      name,
      driver: own.kind === 'agent' && inner !== undefined ? { ...own, agent: this.#agent(inner, behind) } : own,
      effect: PURE_DRIVERS.has(own.kind) ? 'pure' : tool.effect,
      tier: own.kind === 'code' ? 'T2' : 'T0',
      limits: TOOL_LIMITS,
    };
  }

  #free(wanted: string): string {
    let name = wanted;
    for (let n = 2; this.#taken.has(name); n += 1) name = `${wanted}_${n}`;
    this.#taken.add(name);
    return name;
  }
}

/** The allowlist names every tool of the agent: nothing but the flow of information is measured. */
function allowing({ id, tools }: AgentManifest): Rule {
  const description = 'Every tool that the agent has.';
  return { id: `allow-${id}`, effect: 'permit', agents: [id], tools, when: [], description };
}

const keyOf = (definition: object): string => JSON.stringify(definition);
