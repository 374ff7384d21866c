import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { agent } from './support/definitions.ts';
import { E2eMesh, TENANT } from './support/mesh.ts';
import { simScript } from './support/sim.ts';

const EVERY_MS = 1_500;
const ROUNDS = 3;

interface Boundary {
  ok: boolean;
  attempts: number;
  at: number;
}

let mesh: E2eMesh;

beforeAll(async () => {
  mesh = await E2eMesh.start('boundary', { boundaryTestMs: EVERY_MS });
  await mesh.define({ agents: [agent('helper')] });
});
afterAll(() => mesh?.stop());

async function boundary(): Promise<Boundary | null> {
  const response = await fetch(`${mesh.url('audit')}/audit/v1/tenants/${TENANT}/incidents`, {
    headers: { authorization: `Bearer ${mesh.secret('admin.token')}` },
  });
  const { data, boundary: last } = (await response.json()) as { data: unknown[]; boundary: Boundary | null };
  expect(data).toEqual([]);
  return last;
}

it('is attacked again and again while the mesh runs, and nobody who asks notices', async () => {
  const tested = new Set<number>();
  const client = await mesh.client();
  const rounds = async (): Promise<boolean> => {
    const { runId } = await client.run({ agent: 'helper', input: simScript([{ text: 'As ever.' }]) });
    expect(await client.open(runId).result()).toMatchObject({ status: 'completed', output: 'As ever.' });
    for (let n = 0; n < 20; n++) expect((await client.status(runId)).runId).toBe(runId);
    const last = await boundary();
    if (last) tested.add(last.at);
    expect(last?.ok ?? true).toBe(true);
    return tested.size > ROUNDS;
  };
  await waitFor(rounds, { timeoutMs: 120_000, what: 'further tests of the boundary' });
  expect((await boundary())?.attempts).toBeGreaterThan(200);
  await client.close();
});
