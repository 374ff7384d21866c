import { ToolDriver, ToolEffect, toolLabels } from '@signalbox/contracts';
import { z } from 'zod';

/** A line of a scenarios file is an agent or a scenario; docs/reference/injection-scenarios.md tells the fields. */
const Name = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'must be 1–64 of A–Z a–z 0–9 _, starting with a letter');
const Id = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1–64 of A–Z a–z 0–9 _ . -');

/** A tool as its manifest has it, less what the bench fills in: address, tier and limits. Labels are those of a manifest. */
export const ScenarioTool = z.strictObject({
  ...toolLabels,
  name: Name,
  description: z.string().max(2_000).default(''),
  parameters: z.record(z.string(), z.unknown()).default({ type: 'object' }),
  effect: ToolEffect.default('unsafe'),
  /** Absent: an HTTP tool whose server is the bench's. */
  driver: ToolDriver.optional(),
});
export type ScenarioTool = z.infer<typeof ScenarioTool>;

const agentFields = {
  instructions: z.string().max(32_768).default('You help the user with the tools that you have.'),
  tools: z.array(ScenarioTool).max(128),
  /** Whatever else of an agent's manifest, such as `plan` or `output`. */
  manifest: z.record(z.string(), z.unknown()).optional(),
};
/** An agent of one scenario alone, or of all that are alike. */
const InlineAgent = z.strictObject(agentFields);

export const AgentLine = z.strictObject({ type: z.literal('agent'), id: Id, ...agentFields });
export type AgentLine = z.infer<typeof AgentLine>;

export interface ScenarioCall {
  tool: string;
  arguments: Record<string, unknown>;
  /** What the tool's server says: text, or any JSON. Of an agent's tool nothing: that agent's model says it. */
  answer?: unknown;
  /** The call is what the attacker wants. */
  attack?: boolean;
  /** In the same answer of the model as the call before. */
  parallel?: boolean;
  /** What the model of the agent behind the tool does. */
  inside?: { calls: ScenarioCall[]; say?: string | undefined };
  /** While the tool works, this service is killed. */
  kill?: 'router';
}
export const ScenarioCall: z.ZodType<ScenarioCall> = z.strictObject({
  tool: Name,
  arguments: z.record(z.string(), z.unknown()).default({}),
  answer: z.unknown().optional(),
  attack: z.boolean().optional(),
  parallel: z.boolean().optional(),
  inside: z.strictObject({ calls: z.array(z.lazy(() => ScenarioCall)).max(64), say: z.string().optional() }).optional(),
  kill: z.literal('router').optional(),
}) as z.ZodType<ScenarioCall>;

export const MODELS = ['obedient', 'scripted', 'adaptive'] as const;

const turnFields = {
  user: z.string().min(1).max(100_000),
  calls: z.array(ScenarioCall).max(64),
  /** The model's last words. */
  say: z.string().optional(),
};
export const ScenarioTurn = z.strictObject(turnFields);
export type ScenarioTurn = z.infer<typeof ScenarioTurn>;

export const ScenarioLine = z.strictObject({
  type: z.literal('scenario'),
  id: Id,
  /** Under which the report counts it. */
  source: z.string().max(64).default('scenarios'),
  /** Id of an agent of the file, or an agent in full. */
  agent: z.union([Id, InlineAgent]),
  /** For people: what it tries. */
  note: z.string().max(500).optional(),
  /** Absent: `obedient` where a call is an attack, else `scripted`. */
  model: z.enum(MODELS).optional(),
  ...turnFields,
  /** What the user asks afterwards, in the same session. */
  later: z.array(ScenarioTurn).max(8).default([]),
});
export type ScenarioLine = z.infer<typeof ScenarioLine>;

export interface ScenarioAgent {
  id: string;
  instructions: string;
  tools: ScenarioTool[];
  manifest?: Record<string, unknown> | undefined;
}

/** A scenario that can be played: its agent is there, and every tool that it calls. */
export interface Scenario {
  id: string;
  source: string;
  note?: string | undefined;
  model: (typeof MODELS)[number];
  agent: ScenarioAgent;
  /** Agents by id that may stand behind tools. */
  behind: ReadonlyMap<string, ScenarioAgent>;
  turns: ScenarioTurn[];
  isAttack: boolean;
  kills: boolean;
}

/** Every call, those of agents behind tools included. */
export function allCalls(calls: readonly ScenarioCall[]): ScenarioCall[] {
  return calls.flatMap((call) => [call, ...allCalls(call.inside?.calls ?? [])]);
}
