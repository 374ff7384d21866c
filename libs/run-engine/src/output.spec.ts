import { AgentOutput, RunEvent } from '@signalbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sessionSave } from './effects.js';
import { explain } from './explain.js';
import { checkedOutput } from './output.js';
import { eventsOf } from './script.fixture.js';
import { World } from './world.fixture.js';

const schema = {
  type: 'object',
  properties: { total: { type: 'integer' }, note: { type: 'string' } },
  required: ['total'],
  additionalProperties: false,
};
const output = AgentOutput.parse({ schema });
const answers = (texts: readonly string[], repairsMax = 2): World => {
  const world = new World({ script: texts.map((text) => ({ calls: [], text })), output: { schema, repairsMax } });
  world.settle();
  return world;
};
const types = (world: World): string[] => eventsOf(world).map((event) => event.type);

describe('the answer of an agent with an output schema', () => {
  it('is taken where it matches, with a fence or without', () => {
    for (const text of [
      '{"total":1}',
      '```json\n{"total":1}\n```',
      ' ```\n {"total":1} ``` \n',
      '```JSON {"total":1}```',
    ])
      expect(checkedOutput(output, text)).toEqual({ text: '{"total":1}', faults: [] });
    expect(answers(['```json\n{"total":1}\n```']).fold()).toMatchObject({ status: 'completed', output: '{"total":1}' });
  });

  it.each([
    ['It is one.', ['(answer) is not JSON']],
    ['', ['(answer) is not JSON']],
    ['```', ['(answer) is not JSON']],
    ['[1]', ['(answer) must be of type object']],
    ['{"total":"1","other":2}', ['/total must be of type integer', '/other is not known to the schema']],
  ])('is rejected with its faults named: %s', (text, faults) => {
    expect(checkedOutput(output, text).faults).toEqual(faults);
  });

  it('is asked for again with the faults named; the session keeps only what was taken', () => {
    const world = answers(['One.', '{"note":"x"}', '{"total":1}']);
    const state = world.fold();
    expect(state).toMatchObject({ status: 'completed', output: '{"total":1}' });
    expect(eventsOf(world).filter((event) => event.type === 'output.rejected')).toEqual([
      { type: 'output.rejected', step: 1, faults: ['(answer) is not JSON'] },
      { type: 'output.rejected', step: 2, faults: ['/total is missing'] },
    ]);
    expect(world.prompts[0]).toContain(
      `system:Be useful.\n\nYour final answer must be one JSON value that matches this JSON Schema, and nothing else:\n{"type":"object"`,
    );
    expect(world.prompts[2]).toMatch(
      /assistant:One\.\|user:Note from the run engine: .*is not JSON\..*\|assistant:\{"note":"x"\}\|user:Note .*\/total is missing/,
    );
    expect(sessionSave(state).messages.map(({ role, content }) => `${role}:${content}`)).toEqual([
      'user:Hello',
      'assistant:{"total":1}',
    ]);
    for (const event of eventsOf(world)) expect(RunEvent.safeParse(event).error).toBeUndefined();
    expect(explain(world.journal).map((line) => line.text)).toContain(
      'Did not take the answer of step 2: /total is missing.',
    );
  });

  it('fails the run once the repairs are used up, and never before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 7 }), (repairsMax, bad) => {
        const texts = [...Array.from({ length: bad }, () => 'no'), '{"total":1}'];
        const world = answers(texts, repairsMax);
        const state = world.fold();
        if (bad <= repairsMax) expect(state).toMatchObject({ status: 'completed', output: '{"total":1}' });
        else expect(state).toMatchObject({ status: 'failed', error: { code: 'OUTPUT_INVALID' } });
        expect(state.steps).toHaveLength(Math.min(bad, repairsMax) + 1);
        expect(types(world).filter((type) => type === 'output.rejected')).toHaveLength(Math.min(bad, repairsMax + 1));
      }),
      { numRuns: 40 },
    );
  });

  it('may follow more tool calls, and the limits of the run still hold', () => {
    const script = [
      { calls: [], text: 'no' },
      { calls: [{ tool: 'pure', outcome: 'ok' as const }] },
      { calls: [], text: '{"total":2}' },
    ];
    expect(new World({ script, output }).settle()).toMatchObject({ status: 'completed', output: '{"total":2}' });
    expect(new World({ script, output, limits: { stepsMax: 2 } }).settle().error?.code).toBe('LIMIT_STEPS');
  });

  it('is any text where the agent promises nothing', () => {
    const world = new World({ script: [{ calls: [], text: '```json\n1\n```' }] });
    expect(world.settle().output).toBe('```json\n1\n```');
  });
});
