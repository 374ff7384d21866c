import type { ModelManifest, Residency } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { bundle } from './bundle.fixture.js';
import { compilePolicy } from './compiled-policy.js';
import { Governance, isWithin } from './governance.js';

const residency = (regions: string[], agents: '*' | string[] = '*', id = 'r'): Residency => ({
  id,
  agents,
  regions,
  description: '',
});
const model = (id: string, regions?: string[]): ModelManifest => ({
  id,
  provider: 'p',
  inputNanoUsdPerToken: 1,
  outputNanoUsdPerToken: 1,
  outputTokensMax: 10,
  timeoutMs: 1_000,
  ...(regions === undefined ? {} : { regions }),
});
const codeOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return 'none';
};

describe('residency', () => {
  it('lets nothing in that is not wholly inside, and nothing that does not say where it is', () => {
    expect(isWithin(['eu', 'us'], null)).toBe(true);
    expect(isWithin(undefined, null)).toBe(true);
    expect(isWithin(['eu'], ['eu', 'ch'])).toBe(true);
    for (const regions of [['eu', 'us'], ['us'], [], undefined]) expect(isWithin(regions, ['eu'])).toBe(false);
    expect(isWithin(['eu'], [])).toBe(false);
  });

  it('is what all who ask for it leave', () => {
    const governance = new Governance({
      residencies: [residency(['eu', 'ch']), residency(['ch', 'us'], ['clerk'], 's')],
    });
    expect(governance.regionsOf('other')).toEqual(['eu', 'ch']);
    expect(governance.regionsOf('clerk')).toEqual(['ch']);
    expect(governance.regionsOf('clerk', ['eu'])).toEqual([]);
    expect(new Governance({}).regionsOf('clerk')).toBeNull();
    expect(new Governance({}).regionsOf('clerk', ['eu'])).toEqual(['eu']);
  });

  it('chooses the first model inside, and none outside', () => {
    const governance = new Governance({});
    const models = [model('us', ['us']), model('unknown'), model('both', ['eu', 'us']), model('eu', ['eu'])];
    expect(governance.placed('clerk', models, null).id).toBe('us');
    expect(governance.placed('clerk', models, ['eu']).id).toBe('eu');
    expect(codeOf(() => governance.placed('clerk', models, ['ch']))).toBe('REGION_DENIED');
  });

  it('places an agent by its alternatives, a fork by the model that it wants and no other', () => {
    const plain = bundle();
    const [first] = plain.agents;
    const compiled = compilePolicy({
      ...plain,
      models: [...plain.models, model('eu', ['eu']), model('third', ['us'])],
      agents: plain.agents.map((agent) =>
        agent.id === first!.id ? { ...agent, alternatives: ['eu'], forks: { models: ['third'] } } : agent,
      ),
      residencies: [residency(['eu'])],
    });
    expect(compiled.place(first!.id)).toMatchObject({ agent: { model: 'eu' }, model: { id: 'eu' }, regions: ['eu'] });
    expect(codeOf(() => compiled.place(first!.id, { model: 'third' }))).toBe('REGION_DENIED');
    expect(codeOf(() => compiled.place(first!.id, {}, ['us']))).toBe('REGION_DENIED');
  });
});
