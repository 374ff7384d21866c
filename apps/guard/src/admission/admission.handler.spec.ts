import type { Bus, WorkMessage } from '@signalbox/bus';
import { expect, it } from 'vitest';
import type { ApprovalsService } from '../approvals/approvals.service.js';
import { AdmissionHandler } from './admission.handler.js';
import type { AdmissionService } from './admission.service.js';
import type { InterventionService } from './intervention.service.js';

const SEQ = 40;

/** Whether a cancel in its n-th delivery is told that it is the last try. */
async function isLastTry(deliveries: number, isRequestOpen: boolean): Promise<boolean> {
  const told: boolean[] = [];
  const cancel = async (_tenant: string, _request: unknown, lastTry: boolean): Promise<void> => void told.push(lastTry);
  const unsettledBefore = async (way: string, seq: number): Promise<boolean> => {
    expect([way, seq]).toEqual(['guard-in', SEQ]);
    return isRequestOpen;
  };
  const handler = new AdmissionHandler(
    {} as AdmissionService,
    {} as ApprovalsService,
    { cancel } as unknown as InterventionService,
    { durables: { unsettledBefore } } as unknown as Bus,
  );
  await handler.take({}, { channel: 'inCancel', tenant: 'acme', seq: SEQ, deliveries } as WorkMessage<unknown>);
  return told[0]!;
}

it('a cancel of a run that nobody has seen is tried for a while, and as long as a request from before it is open', async () => {
  expect(await isLastTry(1, false)).toBe(false);
  expect(await isLastTry(8, false)).toBe(false);
  expect(await isLastTry(9, true)).toBe(false);
  expect(await isLastTry(150, true)).toBe(false);
  expect(await isLastTry(9, false)).toBe(true);
});
