import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provision } from '@signalbox/bus/provision';
import { startMesh, type TestMesh } from './start-mesh.js';

describe('startMesh', () => {
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await startMesh();
  });
  afterAll(() => mesh.stop());

  it('has made everything of the registry', () => {
    expect(mesh.provisioned.items.length).toBeGreaterThan(20);
    expect(mesh.provisioned.items.every(({ outcome }) => outcome === 'created')).toBe(true);
  });

  it('comes back after a kill with all it had', async () => {
    await mesh.kill();
    await mesh.restart();
    const { items } = await provision({ url: mesh.url, keysDir: mesh.keysRoot });
    expect(items.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
  });
});
