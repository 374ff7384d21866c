import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LossyLine, waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WAIT_MS, World } from './tool-runner.fixture.js';

describe('claims', () => {
  let server: Server;
  let origin: string;
  let world: World;
  let line: LossyLine;
  let asked = 0;

  beforeAll(async () => {
    server = createServer((_, response) => {
      asked += 1;
      response.end('fine');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    origin = `http://127.0.0.1:${port}`;
    world = await World.start(`127.0.0.1:${port}`);
    line = await LossyLine.to(world.mesh.nats.port);
  }, WAIT_MS);
  afterEach(() => void vi.useRealTimers());
  afterAll(async () => {
    await world.stop();
    line.close();
    server.close();
  });

  it(
    'of one worker and one moment are told apart, though no acknowledgement came',
    async () => {
      const work = await world.ask('http_post', { url: `${origin}/pay`, body: 'x' });
      for (const dispatch of [1, 2]) await world.send({ ...work, dispatch });
      let claims = 0;
      const onAppend = (message: unknown): void => {
        if ((message as { kind: string }).kind !== 'tool.began.v1') return;
        claims += 1;
        line.swallowing = true;
      };
      channel('signalbox.journal.appending').subscribe(onAppend);
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
      await world.startRunner({ natsUrl: `nats://127.0.0.1:${line.port}` });
      const kinds = async (): Promise<string[]> => (await world.facts(work)).map(({ kind }) => kind);
      await waitFor(async () => claims === 2 && (await kinds()).length > 0, {
        timeoutMs: WAIT_MS,
        what: 'both claims',
      });
      line.cut();
      vi.useRealTimers();
      await waitFor(async () => (await kinds()).includes('tool.completed.v1'), {
        timeoutMs: WAIT_MS,
        what: 'the result',
      });
      await waitFor(async () => (await world.mesh.work('tool-runner-default')).taken === 0, {
        timeoutMs: WAIT_MS,
        what: 'both pieces of work to be done with',
      });
      channel('signalbox.journal.appending').unsubscribe(onAppend);
      expect(await kinds()).toEqual(['tool.began.v1', 'tool.completed.v1']);
      expect(asked).toBe(1);
    },
    WAIT_MS * 3,
  );
});
