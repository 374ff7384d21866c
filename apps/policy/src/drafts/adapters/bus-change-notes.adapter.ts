import { Inject, Injectable } from '@nestjs/common';
import { CORE_BUS, LOGGER } from '@signalbox/app-runtime';
import type { Bus } from '@signalbox/bus';
import { subjects } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { Logger } from '@signalbox/telemetry';
import { ChangeNotes } from '../notes.port.js';

const TEXT_MAX = 500;

@Injectable()
export class BusChangeNotes extends ChangeNotes {
  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  override tell(tenant: string, kind: string, facts: Record<string, string | number | boolean | null>): void {
    const short = Object.fromEntries(
      Object.entries(facts).map(([name, value]) => [
        name,
        typeof value === 'string' ? value.slice(0, TEXT_MAX) : value,
      ]),
    );
    const note = { kind, service: 'policy', facts: short, at: Date.now() };
    this.logger.info({ tenant, kind, ...short }, 'policy life cycle');
    this.bus.publish('audit', subjects.audit(tenant, kind), note).catch((error: unknown) => {
      this.logger.warn({ err: MeshError.from(error), tenant, kind }, 'a note could not be told to audit');
    });
  }
}
