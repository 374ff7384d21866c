/**
 * Makes what the broker forgets and waits for so short that a stopped process outlasts it: ids of duplicates, and the
 * acknowledgement of work. Loaded by the services under test and by the test that provisions them, and by nobody else.
 */
import { CONSUMERS, STREAMS } from '@signalbox/contracts';

export const DUPLICATE_WINDOW_MS = 1_000;
export const ACK_WAIT_MS = 3_000;

for (const stream of STREAMS) stream.duplicateWindowMs = DUPLICATE_WINDOW_MS;
for (const consumer of Object.values(CONSUMERS)) consumer.ackWaitMs = ACK_WAIT_MS;
