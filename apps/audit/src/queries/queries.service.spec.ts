import { expect, it } from 'vitest';
import type { ArchivePort } from '../archive/archive.port.js';
import type { QueriesPort } from './queries.port.js';
import { QueriesService } from './queries.service.js';
import type { VerifierService } from './verifier.service.js';

it('verifies one whole archive at a time, lets a few wait, and refuses more', async () => {
  const begun: string[] = [];
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const queries = {
    runIds: (tenant: string) => {
      begun.push(tenant);
      return promise;
    },
  } as unknown as QueriesPort;
  const service = new QueriesService(queries, {} as ArchivePort, {} as VerifierService);
  const asked = ['a', 'b', 'c', 'd', 'e'].map((tenant) => service.verifyAll(tenant, 10));
  await expect(service.verifyAll('f', 10)).rejects.toMatchObject({ code: 'OVERLOADED' });
  expect(begun).toEqual(['a']);
  resolve([]);
  expect(await Promise.all(asked)).toEqual(asked.map(() => ({ data: [], next: null })));
});
