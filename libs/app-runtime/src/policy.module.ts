import fs from 'node:fs';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { Bus, KeyRing } from '@signalbox/bus';
import { pause } from '@signalbox/kernel';
import { floorFile, PolicyStore, watchBundles } from '@signalbox/policy-engine';
import type { Logger } from '@signalbox/telemetry';
import type { ServiceConfig } from './service-host.js';
import { CONFIG, CORE_BUS, KEYS, LOGGER } from './tokens.js';

/** How long a start waits for the bundles that are there; without them everything is denied, and retried. */
const READY_MS = 5_000;

async function followPolicy(bus: Bus, keys: KeyRing, config: ServiceConfig, logger: Logger): Promise<PolicyStore> {
  const floors = floorFile(join(config.stateDir, `${bus.service}.policy-floor.json`), fs);
  const store = new PolicyStore({ publicKey: keys.publicKey('bundle-sign'), floors });
  store.listen((event) => {
    if (event.type === 'refused')
      logger.error({ tenant: event.tenant, err: event.fault }, 'a policy bundle was refused');
    else logger.info({ tenant: event.tenant, version: event.bundle.version }, 'a policy bundle is in force');
  });
  const watch = watchBundles(await bus.bucket('policy'), store);
  await Promise.race([watch.ready, pause(READY_MS)]);
  return store;
}

/** The policies in force, for every place that decides: followed from the bus, verified here. */
@Module({
  providers: [{ provide: PolicyStore, useFactory: followPolicy, inject: [CORE_BUS, KEYS, CONFIG, LOGGER] }],
  exports: [PolicyStore],
})
export class PolicyModule {}
