import type { PolicyStore } from '@signalbox/policy-engine';
import { sha256Hex } from '@signalbox/kernel';
import { expect, it } from 'vitest';
import { ApprovalsService } from './approvals.service.js';

it('looks at so many open approvals for one request, and says where to go on', async () => {
  const keyDigest = sha256Hex('key');
  const policies = {
    tenants: () => ['acme'],
    forTenant: () => ({ authenticate: () => ({ id: 'key', userId: 'ann' }) }),
  } as unknown as PolicyStore;
  const open = Array.from({ length: 450 }, (_, n) => ({
    key: String(n).padStart(4, '0'),
    runId: `run-${n}`,
    questionId: 'q',
  }));
  const read: string[] = [];
  const service = new ApprovalsService(
    policies,
    {} as never,
    {} as never,
    {
      snapshot: ({ runId }: { runId: string }) => {
        read.push(runId);
        return Promise.resolve(null);
      },
    } as never,
    { of: () => open } as never,
    {} as never,
    {} as never,
  );
  const pages: number[] = [];
  for (let after: string | null = ''; after !== null;) {
    const before = read.length;
    const { items, next } = await service.list('acme', { keyDigest, after });
    expect(items).toEqual([]);
    pages.push(read.length - before);
    after = next;
  }
  expect(pages).toEqual([200, 200, 50]);
  expect(new Set(read).size).toBe(450);
});
