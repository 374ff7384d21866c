import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HARMLESS } from './harmless.ts';
import { parseScenarios } from './read-scenarios.ts';
import type { Scenario, ScenarioCall, ScenarioTurn } from './scenario.ts';
import { answerOf, readSuite, reads, type Suite } from './suites.ts';

const LISTS = join(import.meta.dirname, 'lists');
const SUFFIX = '.jsonl';

interface Inject {
  /** The place in the suite where the attacker can write. */
  vector: string;
  text: string;
}
/** A scenario whose answers are not there yet. */
interface ListLine extends ScenarioTurn {
  type: string;
  id: string;
  inject?: Inject;
  later?: ScenarioTurn[];
}

/** Tasks and attacks of our own over the AgentDojo suites of a folder; over a few words of our own where it has none. */
export function listedScenarios(data: string): Scenario[] {
  return readdirSync(LISTS)
    .filter((file) => file.endsWith(SUFFIX))
    .toSorted()
    .flatMap((file) => {
      const name = file.slice(0, -SUFFIX.length);
      const lines = readFileSync(join(LISTS, file), 'utf8')
        .split('\n')
        .map((line) => (line.startsWith('{"type":"scenario"') ? withAnswers(line, data, name) : line));
      return parseScenarios(lines.join('\n'), join('lists', file));
    });
}

function withAnswers(line: string, data: string, name: string): string {
  const { inject, ...scenario } = JSON.parse(line) as ListLine;
  const answers = new Answers(readSuite(data, name, inject), inject);
  const turn = <T extends ScenarioTurn>(one: T): T => ({ ...one, calls: answers.of(one.calls) });
  const played = { ...turn(scenario), ...(scenario.later ? { later: scenario.later.map(turn) } : {}) };
  if (!answers.holdTheAttack)
    throw new Error(
      `lists/${name}${SUFFIX}: the text of ${scenario.id} stands in no answer; its vector is ${inject?.vector}`,
    );
  return JSON.stringify(played);
}

class Answers {
  readonly #suite: Suite | null;
  readonly #inject: Inject | undefined;
  holdTheAttack: boolean;
  #made = 0;

  constructor(suite: Suite | null, inject: Inject | undefined) {
    this.#suite = suite;
    this.#inject = inject;
    this.holdTheAttack = inject === undefined;
  }

  of(calls: readonly ScenarioCall[]): ScenarioCall[] {
    return calls.map((call) => {
      const inside = call.inside === undefined ? {} : { inside: { ...call.inside, calls: this.of(call.inside.calls) } };
      return { ...call, ...inside, ...(reads(call.tool) ? { answer: this.#answer(call) } : {}) };
    });
  }

  #answer({ tool, arguments: args }: ScenarioCall): unknown {
    const answer = this.#suite === null ? this.#own() : answerOf(this.#suite, tool, args);
    const text = JSON.stringify(this.#inject?.text ?? '').slice(1, -1);
    if (JSON.stringify(answer).includes(text)) this.holdTheAttack = true;
    return answer;
  }

  /** Without a suite: something harmless, and the attacker's text in the first answer. */
  #own(): string {
    const words = HARMLESS[this.#made % HARMLESS.length]!;
    this.#made += 1;
    return this.#made === 1 && this.#inject !== undefined ? `${words} ${this.#inject.text}` : words;
  }
}
