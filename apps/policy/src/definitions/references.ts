import type {
  AgentManifest,
  CedarPolicy,
  Halt,
  KeyGrant,
  Rule,
  ToolManifest,
  Delegation,
  PolicyTest,
  Quota,
  Residency,
  Waiver,
} from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { isSoundCondition, parseHostPattern, urlLeadsTo } from '@signalbox/policy-engine';
import { extractFaults, inlineFault, planFaults, unsupportedIn } from '@signalbox/run-engine';
import { patternFaults, redactionFaults, redactionsNaming } from './redaction-checks.js';
import { entitiesNamed } from '../cedar/entity-names.js';
import { delegationFaults, governanceNaming, quotaFaults, termsFaults } from './governance-checks.js';
import { labelFaults } from './label-faults.js';
import type { Definitions, Kind, TenantPolicy } from '../storage/policy.repository.js';

export type Fault = [field: string, message: string];
type Names = { [K in 'agents' | 'tools' | 'models']: ReadonlySet<string> };

/** Refuses a definition that names what is not there or could never work. REQUEST_INVALID with the fields. */
export function assertSound<K extends Kind>(kind: K, definition: Definitions[K], policy: TenantPolicy): void {
  const faults = faultsOf(kind, definition, policy);
  if (faults.length === 0) return;
  const message = faults.map(([field, text]) => `${field}: ${text}`).join('; ');
  throw new MeshError('REQUEST_INVALID', message, { details: { fields: faults.map(([field]) => field) } });
}

/** What keeps a definition from working beside the others, eight at most. */
export function faultsOf<K extends Kind>(kind: K, definition: Definitions[K], policy: TenantPolicy): Fault[] {
  const names: Names = {
    agents: new Set(policy.agents.map(({ id }) => id)),
    tools: new Set(policy.tools.map(({ name }) => name)),
    models: new Set(policy.models.map(({ id }) => id)),
  };
  return checks[kind](definition, names, policy).slice(0, 8);
}

/** Refuses to remove what others name. CONFLICT with `usedBy`. */
export function assertUnused(kind: Kind, id: string, policy: TenantPolicy): void {
  const usedBy = usersOf(kind, id, policy);
  if (usedBy.length === 0) return;
  throw new MeshError('CONFLICT', `${kind}/${id} is used by ${usedBy.slice(0, 8).join(', ')}; change that first.`, {
    details: { usedBy: usedBy.slice(0, 100) },
  });
}

/** What names a definition, as `<kind>/<id>`. */
export function usersOf(kind: Kind, id: string, policy: TenantPolicy): string[] {
  const { agents, rules, keys, halts, waivers, policies, tests, tools: manifests } = policy;
  const naming = (type: string): string[] =>
    policies.filter(({ json }) => entitiesNamed(json, type).includes(id)).map((one) => `policies/${one.id}`);
  switch (kind) {
    case 'models':
      return agents
        .filter(({ model, alternatives }) => model === id || alternatives?.includes(id))
        .map((agent) => `agents/${agent.id}`)
        .concat(naming('Model'));
    case 'tools':
      return [
        ...agents.filter(({ tools }) => tools.includes(id)).map((agent) => `agents/${agent.id}`),
        ...rules.filter(({ tools }) => tools !== '*' && tools.includes(id)).map((rule) => `rules/${rule.id}`),
        ...naming('Tool'),
        ...tests.filter(({ tool }) => tool === id).map((test) => `tests/${test.id}`),
        ...governanceNaming(kind, id, policy),
      ];
    case 'agents': {
      const names = ({ agents: scope }: Rule | KeyGrant | Halt | Waiver): boolean =>
        scope !== '*' && scope.includes(id);
      return [
        ...rules.filter(names).map((rule) => `rules/${rule.id}`),
        ...keys.filter(names).map((key) => `keys/${key.id}`),
        ...halts.filter(names).map((halt) => `halts/${halt.id}`),
        ...waivers.filter(names).map((waiver) => `waivers/${waiver.id}`),
        ...naming('Agent'),
        ...tests.filter(({ agent }) => agent === id).map((test) => `tests/${test.id}`),
        ...governanceNaming(kind, id, policy),
        ...manifests
          .filter(({ driver }) => (driver.kind === 'agent' || driver.kind === 'handoff') && driver.agent === id)
          .map((tool) => `tools/${tool.name}`),
      ];
    }
    case 'patterns':
      return redactionsNaming(id, policy);
    case 'redactions':
    case 'quotas':
    case 'delegations':
    case 'residencies':
    case 'rules':
    case 'keys':
    case 'halts':
    case 'waivers':
    case 'policies':
    case 'tests':
      return [];
  }
}

const checks: { [K in Kind]: (definition: Definitions[K], names: Names, policy: TenantPolicy) => Fault[] } = {
  agents: (agent: AgentManifest, names, policy) => [
    ...(names.models.has(agent.model) ? [] : [['model', `there is no model ${agent.model}`] satisfies Fault]),
    ...unknownNames('alternatives', agent.alternatives ?? [], names.models, 'model'),
    ...unknownNames('tools', agent.tools, names.tools, 'tool'),
    ...agent.tools.flatMap((name, index): Fault[] =>
      agent.tools.indexOf(name) === index ? [] : [[`tools.${index}`, 'is named twice']],
    ),
    ...schemaFaults('output.schema', agent.output?.schema),
    ...planFaults(agent),
    ...extractFaults(agent),
    ...handingFaults(agent, policy),
  ],
  tools: (tool: ToolManifest, names, policy) => [
    ...toolFaults(tool),
    ...labelFaults(tool),
    ...calledFaults(tool, names),
    ...handedFaults(tool, policy),
  ],
  rules: (rule: Rule, names) => [
    ...unknownNames('agents', rule.agents, names.agents, 'agent'),
    ...unknownNames('tools', rule.tools, names.tools, 'tool'),
    ...(rule.approval !== undefined && rule.effect !== 'approve'
      ? [['approval', 'belongs to the effect approve alone'] satisfies Fault]
      : []),
    ...(rule.approval === undefined ? [] : termsFaults(rule.approval)),
    ...rule.when.flatMap((condition, index): Fault[] =>
      isSoundCondition(condition)
        ? []
        : [[`when.${index}`, `${condition.op} cannot be evaluated with this pointer and value`]],
    ),
  ],
  models: () => [],
  keys: (key: KeyGrant, names) => unknownNames('agents', key.agents, names.agents, 'agent'),
  halts: (halt: Halt, names) => unknownNames('agents', halt.agents, names.agents, 'agent'),
  policies: ({ json }: CedarPolicy, names) => [
    ...unknownEntities(json, 'Agent', names.agents),
    ...unknownEntities(json, 'Tool', names.tools),
    ...unknownEntities(json, 'Model', names.models),
  ],
  // Misspelt, it would pass wherever a denial is expected.
  tests: ({ agent, tool }: PolicyTest, names) => [
    ...(names.agents.has(agent) ? [] : [['agent', `there is no agent ${agent}`] satisfies Fault]),
    ...(names.tools.has(tool) ? [] : [['tool', `there is no tool ${tool}`] satisfies Fault]),
  ],
  quotas: (quota: Quota, names) => [
    ...unknownNames('agents', quota.agents, names.agents, 'agent'),
    ...unknownNames('tools', quota.tools, names.tools, 'tool'),
    ...quotaFaults(quota),
  ],
  delegations: (delegation: Delegation, names) => [
    ...unknownNames('tools', delegation.tools, names.tools, 'tool'),
    ...delegationFaults(delegation),
  ],
  residencies: ({ agents }: Residency, names) => unknownNames('agents', agents, names.agents, 'agent'),
  redactions: (rule, _, policy) => redactionFaults(rule, policy),
  patterns: (pattern, _, policy) => patternFaults(pattern, policy),
  waivers: (waiver: Waiver, names) => unknownNames('agents', waiver.agents, names.agents, 'agent'),
};

const PURE: ReadonlySet<ToolManifest['driver']['kind']> = new Set(['timer', 'signal', 'handoff']);

function toolFaults({ driver, tier, effect, parameters }: ToolManifest): Fault[] {
  const faults: Fault[] = [];
  if (parameters['type'] !== 'object') faults.push(['parameters.type', 'must be "object"']);
  faults.push(...schemaFaults('parameters', parameters));
  // Nothing weaker is ever substituted, so anything else would only be refused later.
  const needed = driver.kind === 'code' ? 'T2' : 'T0';
  if (tier !== needed) faults.push(['tier', `must be ${needed} for the driver ${driver.kind}`]);
  if (driver.kind === 'inline') {
    if (effect !== 'pure') faults.push(['effect', 'must be pure for the driver inline']);
    const fault = inlineFault(driver.expression);
    if (fault !== null) faults.push(['driver.expression', fault]);
  }
  if (PURE.has(driver.kind) && effect !== 'pure')
    faults.push(['effect', `must be pure for the driver ${driver.kind}: nothing happens outside`]);
  if (driver.kind === 'http') {
    driver.hosts.forEach((host, index) => {
      if (parseHostPattern(host) === null)
        faults.push([`driver.hosts.${index}`, 'must be host, host:port, host:* or these under *.']);
    });
    if (driver.address !== undefined && !urlLeadsTo(driver.address, driver.hosts))
      faults.push(['driver.address', 'must be an http(s) URL whose host is on the list of hosts']);
  }
  return faults;
}

/** An agent that another calls must be there, and be asked something. */
function calledFaults({ driver, parameters }: ToolManifest, names: Names): Fault[] {
  if (driver.kind !== 'agent') return [];
  const { properties, required } = parameters as { properties?: { input?: { type?: unknown } }; required?: unknown };
  const asks = properties?.input?.type === 'string' && Array.isArray(required) && required.includes('input');
  return [
    ...(names.agents.has(driver.agent) ? [] : [['driver.agent', `there is no agent ${driver.agent}`] satisfies Fault]),
    ...(asks ? [] : [['parameters', 'must have a required property input of type string'] satisfies Fault]),
  ];
}

/** An agent with a plan neither takes a run nor hands one on. */
function handingFaults({ id, plan, tools }: AgentManifest, policy: TenantPolicy): Fault[] {
  const handing = policy.tools.filter(({ driver }) => driver.kind === 'handoff');
  const faults = tools.flatMap((name, index): Fault[] => {
    const driver = handing.find((tool) => tool.name === name)?.driver;
    if (driver?.kind !== 'handoff') return [];
    if (plan !== undefined) return [[`tools.${index}`, 'an agent with a plan cannot hand its run on']];
    return driver.agent === id ? [[`tools.${index}`, 'hands the run to this agent itself']] : [];
  });
  const taker = handing.find(({ driver }) => driver.kind === 'handoff' && driver.agent === id);
  if (plan === undefined || taker === undefined) return faults;
  return [...faults, ['plan', `the tool ${taker.name} hands runs to this agent, which none with a plan can take`]];
}

/** The agent that runs are handed to must be there, and be another one without a plan; so must those that hand on. */
function handedFaults({ name, driver }: ToolManifest, { agents }: TenantPolicy): Fault[] {
  if (driver.kind !== 'handoff') return [];
  const to = agents.find(({ id }) => id === driver.agent);
  if (to === undefined) return [['driver.agent', `there is no agent ${driver.agent}`]];
  const faults: Fault[] = [];
  if (to.plan !== undefined) faults.push(['driver.agent', `${to.id} has a plan, so no run can be handed to it`]);
  if (to.tools.includes(name))
    faults.push(['driver.agent', `${to.id} has this tool, and would hand the run to itself`]);
  const planned = agents.find(({ plan, tools }) => plan !== undefined && tools.includes(name));
  if (planned !== undefined) faults.push(['driver.kind', `${planned.id} has a plan, and cannot hand its run on`]);
  return faults;
}

function unknownNames(field: string, scope: '*' | string[], known: ReadonlySet<string>, what: string): Fault[] {
  if (scope === '*') return [];
  return scope.flatMap((name, index): Fault[] =>
    known.has(name) ? [] : [[`${field}.${index}`, `there is no ${what} ${name}`]],
  );
}

function unknownEntities(json: object, type: 'Agent' | 'Model' | 'Tool', known: ReadonlySet<string>): Fault[] {
  return entitiesNamed(json, type).flatMap((id): Fault[] =>
    known.has(id) ? [] : [['text', `there is no ${type.toLowerCase()} ${id.slice(0, 64)}`]],
  );
}

/** A schema with words that the engine does not know would refuse everything later. */
function schemaFaults(field: string, schema: Record<string, unknown> | undefined): Fault[] {
  return schema ? unsupportedIn(schema).map((text): Fault => [field, text]) : [];
}
