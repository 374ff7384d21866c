import { Readiness } from '@signalbox/app-runtime';
import { MeshError } from '@signalbox/kernel';
import { createLogger } from '@signalbox/telemetry';
import { expect, it } from 'vitest';
import type { RouterConfig } from '../config.js';
import type { JournalPort } from '../journal/journal.port.js';
import { WholenessService } from './wholeness.service.js';

type Answer = { whole: boolean; incarnation: number } | 'away';

function make(answers: Answer[], archiveGraceMs = 0) {
  const readiness = new Readiness();
  const told: string[] = [];
  const state = (): Promise<unknown> => {
    told.push(readiness.state().why ?? '');
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer === 'away'
      ? Promise.reject(new MeshError('BUS_UNAVAILABLE', 'Nobody is there.'))
      : Promise.resolve(answer);
  };
  const logger = createLogger({ service: 'router', level: 'fatal' });
  const journal = { state } as unknown as JournalPort;
  const service = new WholenessService(journal, readiness, { archiveGraceMs } as RouterConfig, logger);
  return { service, readiness, told };
}
const { signal } = new AbortController();

it('waits until the partition is rebuilt, and says so in the readiness meanwhile', async () => {
  const { service, readiness, told } = make([
    { whole: false, incarnation: 0 },
    { whole: true, incarnation: 1 },
  ]);
  expect(await service.wait('03', signal)).toBe(1);
  expect(told).toEqual(['', 'partition 03 is being rebuilt from the archive']);
  expect(readiness.state()).toEqual({ ok: true });
});

it('goes on without an archive, but not where the loss was seen', async () => {
  const away = make(['away']);
  expect(await away.service.wait('03', signal)).toBeNull();
  const seen = make(['away', { whole: true, incarnation: 2 }]);
  seen.service.suspect('03');
  expect(await seen.service.wait('03', signal)).toBe(2);
  expect(seen.told[1]).toBe('partition 03 lost entries, and the archive is away');
});

it('gives an archive that starts beside it some time', async () => {
  const { service } = make(['away', { whole: true, incarnation: 0 }], 60_000);
  expect(await service.wait('03', signal)).toBe(0);
});

it('ends when the partition is given up', async () => {
  const stop = new AbortController();
  const { service, readiness } = make([{ whole: false, incarnation: 0 }]);
  const waiting = service.wait('03', stop.signal);
  stop.abort();
  expect(await waiting).toBeNull();
  expect(readiness.state()).toEqual({ ok: true });
});
