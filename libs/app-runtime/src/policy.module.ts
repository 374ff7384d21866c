import fs from 'node:fs';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { type Bus, KeyRing } from '@signalbox/bus';
import { pause } from '@signalbox/kernel';
import { floorFile, type KeyInput, PolicyStore, watchBundles } from '@signalbox/policy-engine';
import type { Logger } from '@signalbox/telemetry';
import { PolicyReport } from './policy-report.js';
import { Readiness } from './readiness.js';
import type { ServiceConfig } from './service-host.js';
import { CONFIG, CORE_BUS, LOGGER } from './tokens.js';

/** How long a start waits for the bundles that are there; without them everything is denied, and retried. */
const READY_MS = 5_000;
/** The key that bundles are signed with, and the one that they will be signed with. */
const SIGNERS = ['bundle-sign', 'bundle-sign.next'];

async function followPolicy(
  bus: Bus,
  config: ServiceConfig,
  logger: Logger,
  readiness: Readiness,
): Promise<PolicyStore> {
  const floors = floorFile(join(config.stateDir, `${bus.service}.policy-floor.json`), fs);
  const store = new PolicyStore({ publicKey: () => bundleKeys(config.keysDir), floors });
  const report = new PolicyReport(bus, logger);
  store.listen((event) => report.hear(event));
  readiness.tell('policy', () => report.state());
  const watch = watchBundles(await bus.bucket('policy'), store);
  await Promise.race([watch.ready, pause(READY_MS)]);
  return store;
}

/** Read anew for every bundle, which are few: keys are rotated while the process runs. */
function bundleKeys(keysDir: string): KeyInput[] {
  const keys = KeyRing.load(keysDir);
  return SIGNERS.filter((name) => keys.has(`${name}.pub`)).map((name) => keys.publicKey(name));
}

/** The policies in force, for every place that decides: followed from the bus, verified here. */
@Module({
  providers: [{ provide: PolicyStore, useFactory: followPolicy, inject: [CORE_BUS, CONFIG, LOGGER, Readiness] }],
  exports: [PolicyStore],
})
export class PolicyModule {}
