import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sessionSave, inferWork, outstanding, toolWork } from './effects.js';
import type { PolicyView } from './policy-view.js';
import { redecide } from './redecide.js';
import { regionsOf } from './regions.js';
import { eventsOf } from './script.fixture.js';
import { World } from './world.fixture.js';

const REGIONS = ['eu', 'ch', 'us'];
const some = fc.option(fc.subarray(REGIONS, { minLength: 1 }), { nil: undefined });
const isInside = (regions: readonly string[] | undefined, allowed: readonly string[]): boolean =>
  regions !== undefined && regions.length > 0 && regions.every((region) => allowed.includes(region));

interface Places {
  policy?: string[] | undefined;
  request?: string[] | undefined;
  session?: string[] | undefined;
  model?: string[] | undefined;
  tool?: string[] | undefined;
}

/** A run of two calls of HTTP tools, with places as given. The policy here chooses badly: it hands out whatever model it has. */
function world({ policy, request, session, model, tool }: Places): World {
  const calls = ['pure', 'inline'].map((name) => ({ tool: name, outcome: 'ok' as const }));
  const one = new World({ script: [{ calls }], accepted: request === undefined ? {} : { regions: request } });
  const view = one.policy as PolicyView;
  const resolve = view.resolve.bind(view);
  view.resolve = (id, change) => {
    const found = resolve(id, change);
    if (!found.ok) return found;
    const tools = found.tools.map((each) => ({ ...each, ...(tool === undefined ? {} : { regions: tool }) }));
    return {
      ...found,
      tools,
      model: { ...found.model, ...(model === undefined ? {} : { regions: model }) },
      regions: policy ?? null,
    };
  };
  if (session !== undefined) one.sessionRegions = session;
  return one;
}

describe('regions of a run', () => {
  it('are never left by what is sent, whatever policy, request, session, model and tools say', () => {
    const places = fc.record({ policy: some, request: some, session: some, model: some, tool: some });
    let refused = 0;
    fc.assert(
      fc.property(places, (given) => {
        const one = world(given);
        const state = one.settle();
        const allowed = [given.policy, given.request, given.session].filter((each) => each !== undefined);
        const left =
          allowed.length === 0 ? null : REGIONS.filter((region) => allowed.every((each) => each.includes(region)));
        expect(regionsOf(state)?.toSorted() ?? null).toEqual(left?.toSorted() ?? null);
        for (const event of eventsOf(one)) {
          if (left === null) break;
          if (event.type === 'model.requested') expect(isInside(given.model, left)).toBe(true);
          if (event.type === 'tool.requested') expect(isInside(given.tool, left)).toBe(true);
        }
        if (state.error?.code === 'REGION_DENIED') refused += 1;
        else expect(state.status).toBe('completed');
        expect(redecide(one.journal).differences).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(30);
  });

  it('go along with all work, into the session, and say why nothing goes on', () => {
    const one = world({ policy: ['eu', 'ch'], request: ['eu'], model: ['eu'], tool: ['eu'] });
    for (let round = 0; round < 10 && outstanding(one.fold()).every(({ kind }) => kind !== 'tool'); round++) {
      one.decideFrom(one.fold());
      for (const ask of outstanding(one.fold())) {
        if (ask.kind === 'infer') expect(inferWork(one.fold(), 1).regions).toEqual(['eu']);
        if (ask.kind !== 'tool') one.send(ask, 1);
      }
      one.flying.shift()?.();
    }
    expect(toolWork(one.fold(), 'call_1_0', 1).regions).toEqual(['eu']);
    expect(sessionSave(one.settle()).regions).toEqual(['eu']);
    const outside = world({ policy: ['eu'], model: ['us'] }).settle();
    expect(outside.error?.message).toBe('What this run carries may only be in eu; model model-1 is in us.');
    const blind = world({ policy: ['eu'], model: ['eu'] });
    blind.settle();
    expect(blind.prompts.at(-1)).toContain('pure is in a region that it does not name.');
  });
});
