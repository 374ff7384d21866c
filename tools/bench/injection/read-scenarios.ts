import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AgentLine, allCalls, type Scenario, type ScenarioAgent, ScenarioLine } from './scenario.ts';

const LINES_MAX = 20_000;
const Line = z.discriminatedUnion('type', [AgentLine, ScenarioLine]);

/** A scenarios file that cannot be played; the message names each line and what is wrong with it. */
export class ScenarioError extends Error {}

/** Reads JSON Lines; blank lines and lines that start with // are passed over. */
export function readScenarios(file: string): Scenario[] {
  return parseScenarios(readFileSync(file, 'utf8'), file);
}

export function parseScenarios(text: string, file: string): Scenario[] {
  const reader = new Reader(file);
  const lines = text.split('\n');
  if (lines.length > LINES_MAX) throw new ScenarioError(`${file} has more than ${LINES_MAX} lines.`);
  lines.forEach((line, index) => {
    if (line.trim() !== '' && !line.startsWith('//')) reader.read(line, index + 1);
  });
  return reader.finish();
}

const FAULTS_MAX = 20;

class Reader {
  readonly #agents = new Map<string, ScenarioAgent>();
  readonly #scenarios: [line: number, scenario: ScenarioLine][] = [];
  readonly #faults: string[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  read(line: string, number: number): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      return this.#fault(number, `not JSON: ${(error as Error).message}`);
    }
    const parsed = Line.safeParse(value);
    if (!parsed.success) {
      for (const { path, message } of parsed.error.issues)
        this.#fault(number, `${path.join('.') || '(line)'}: ${message}`);
      return;
    }
    if (parsed.data.type === 'scenario') return void this.#scenarios.push([number, parsed.data]);
    const { type: _type, ...agent } = parsed.data;
    if (this.#agents.has(agent.id)) this.#fault(number, `there is an agent ${agent.id} already`);
    this.#agents.set(agent.id, agent);
  }

  finish(): Scenario[] {
    const ids = new Set<string>();
    const scenarios = this.#scenarios.flatMap(([number, line]) => {
      if (ids.has(line.id)) this.#fault(number, `there is a scenario ${line.id} already`);
      ids.add(line.id);
      return this.#scenario(number, line) ?? [];
    });
    if (this.#faults.length > 0) throw new ScenarioError(this.#told());
    if (scenarios.length === 0) throw new ScenarioError(`${this.#file} has no scenario.`);
    return scenarios;
  }

  #scenario(
    number: number,
    { type: _type, agent: named, user, calls, say, later, ...line }: ScenarioLine,
  ): Scenario | null {
    const agent = typeof named === 'string' ? this.#agents.get(named) : { id: idOf(named), ...named };
    if (agent === undefined) {
      this.#fault(number, `there is no agent ${JSON.stringify(named)} on a line of its own`);
      return null;
    }
    const turns = [{ user, calls, say }, ...later];
    const every = allCalls(turns.flatMap((turn) => turn.calls));
    for (const [tool, owner] of this.#called(
      turns.flatMap((turn) => turn.calls),
      agent,
    ))
      this.#fault(number, `${owner} has no tool ${tool}`);
    const isAttack = every.some(({ attack }) => attack === true);
    const model = line.model ?? (isAttack ? 'obedient' : 'scripted');
    return {
      ...line,
      model,
      agent,
      behind: this.#agents,
      turns,
      isAttack,
      kills: every.some(({ kill }) => kill !== undefined),
    };
  }

  /** Tools that are called and that the agent does not have. */
  #called(calls: Scenario['turns'][number]['calls'], agent: ScenarioAgent): [tool: string, owner: string][] {
    return calls.flatMap(({ tool: name, inside }): [string, string][] => {
      const tool = agent.tools.find((one) => one.name === name);
      if (tool === undefined) return [[name, agent.id]];
      const behind = tool.driver?.kind === 'agent' ? this.#agents.get(tool.driver.agent) : undefined;
      if (tool.driver?.kind === 'agent' && behind === undefined)
        return [[`${name} (agent ${tool.driver.agent})`, agent.id]];
      return inside === undefined || behind === undefined ? [] : this.#called(inside.calls, behind);
    });
  }

  #fault(line: number, what: string): void {
    this.#faults.push(`${this.#file}:${line}: ${what}`);
  }

  #told(): string {
    const shown = this.#faults.slice(0, FAULTS_MAX);
    const left = this.#faults.length - shown.length;
    return [...shown, ...(left > 0 ? [`… and ${left} more`] : [])].join('\n');
  }
}

/** Agents that are alike are one. */
function idOf(agent: object): string {
  return `inline-${createHash('sha256').update(JSON.stringify(agent)).digest('hex').slice(0, 12)}`;
}
