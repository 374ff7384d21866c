import type { ToolManifest } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { samplePolicy } from '../seed/sample-policy.js';
import { labelFaults } from './label-faults.js';

const post = samplePolicy().tools.find(({ name }) => name === 'http_post')!;
const fields = (change: Partial<ToolManifest>): string[] => labelFaults({ ...post, ...change }).map(([field]) => field);
const http = (hosts: string[]): ToolManifest['driver'] => ({ kind: 'http', hosts, methods: ['POST'] });

describe('labelFaults', () => {
  it('takes what a manifest can truly say', () => {
    expect(fields({})).toEqual([]);
    expect(fields({ egress: false, readers: '*', driver: http(['crm.example.com', 'localhost:*']) })).toEqual([]);
    expect(fields({ provenance: true, opaque: { fields: ['subject'] } })).toEqual([]);
    expect(fields({ roles: [{ pointer: '/body/to', role: 'address' }] })).toEqual([]);
  });

  it('refuses what could not be true or of use', () => {
    expect(fields({ egress: false, driver: http(['crm.example.com', '*.example.org']) })).toEqual(['egress']);
    expect(fields({ provenance: true, roles: [{ pointer: '/body', role: 'body' }] })).toEqual(['provenance']);
    expect(fields({ opaque: { fields: [] }, driver: { kind: 'timer' } })).toEqual(['opaque']);
    const roles: ToolManifest['roles'] = [
      { pointer: '/recipient', role: 'address' },
      { pointer: '/url', role: 'address', max: 3 },
      { pointer: '/url', role: 'amount', charsMax: 3 },
    ];
    expect(fields({ roles: [{ pointer: '/u~rl', role: 'address' }] })).toEqual(['roles.0.pointer']);
    expect(fields({ roles })).toEqual(['roles.0.pointer', 'roles.1.max', 'roles.2.pointer', 'roles.2.charsMax']);
  });
});
