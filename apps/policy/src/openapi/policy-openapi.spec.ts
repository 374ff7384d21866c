import { describe, expect, it } from 'vitest';
import { KINDS } from '../storage/policy.repository.js';
import { policyOpenApi } from './policy-openapi.js';

interface Operation {
  operationId: string;
  responses: Record<string, unknown>;
  security?: unknown[];
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { additionalProperties?: unknown }> };
}

const document = policyOpenApi() as unknown as Document;
const text = JSON.stringify(document);
const METHODS = ['get', 'put', 'post', 'delete'];

describe('policyOpenApi', () => {
  it('refers only to schemas that it holds, and holds none that nobody refers to', () => {
    const wanted = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name));
    expect([...wanted].toSorted()).toEqual(Object.keys(document.components.schemas).toSorted());
    expect(text).not.toContain('$schema');
  });

  it('has each collection, its members, and operations with names of their own', () => {
    for (const kind of KINDS) {
      expect(Object.keys(document.paths)).toEqual(
        expect.arrayContaining([`/admin/v1/tenants/{tenant}/${kind}`, `/admin/v1/tenants/{tenant}/${kind}/{id}`]),
      );
    }
    const others = ['/limits', '/schedules/{id}', '/schedules/{id}/upcoming', '/schedules/{id}/enable', '/bundle'];
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(others.map((path) => `/admin/v1/tenants/{tenant}${path}`)),
    );
    const operations = Object.values(document.paths).flatMap((path) => METHODS.flatMap((method) => path[method] ?? []));
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    expect(operations.filter(({ responses, security }) => !('401' in responses) && security === undefined)).toEqual([]);
  });

  it('closes the bodies of requests, as the API does, and never describes a digest', () => {
    for (const name of ['Agent', 'Tool', 'Rule', 'Model', 'NewKey', 'KeyChange', 'TenantLimits', 'Schedule']) {
      expect([name, document.components.schemas[name]?.additionalProperties]).toEqual([name, false]);
    }
    expect(text).not.toContain('digest');
  });

  it('is the same at every call', () => {
    expect(policyOpenApi()).toEqual(document);
  });
});
