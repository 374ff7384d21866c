import { Inject, Injectable } from '@nestjs/common';
import { KEYS } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import { Schedule, SCHEDULE_INPUT_CHARS_MAX, ScheduleInput } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { createRuleset, safeView, sealText } from '@signalbox/privacy';
import { z } from 'zod';
import type { Precondition } from '../admin/http.js';
import { assertPrecondition } from '../definitions/definitions.service.js';
import { type Page, PolicyRepository } from '../storage/policy.repository.js';
import { type DueTimes, dueTimes } from './due-times.js';
import { SchedulesPort, type StoredSchedule } from './schedules.port.js';

/** Schedules of one tenant. */
const SCHEDULES_MAX = 200;

/** A schedule as it is put. Without `input` what it asks stays as it is. */
export const ScheduleBody = Schedule.extend({ input: ScheduleInput.optional() });
export type ScheduleBody = z.infer<typeof ScheduleBody>;

const ruleset = createRuleset();

/** Standing orders to start runs. What they ask is raw, so it is sealed for the guard as it comes and shown cleaned. */
@Injectable()
export class SchedulesService {
  readonly #vaultKey: string;

  constructor(
    private readonly schedules: SchedulesPort,
    private readonly repository: PolicyRepository,
    @Inject(KEYS) keys: KeyRing,
  ) {
    this.#vaultKey = keys.publicKey('vault-x25519').export({ format: 'jwk' }).x ?? '';
  }

  async list(tenant: string, page: Page): Promise<StoredSchedule[]> {
    await this.#assertTenant(tenant);
    return this.schedules.list(tenant, page);
  }

  async get(tenant: string, id: string): Promise<StoredSchedule> {
    const stored = await this.schedules.get(tenant, id);
    if (stored) return stored;
    await this.#assertTenant(tenant);
    throw notFound(id);
  }

  /** The next due times, whether it is on or off. */
  async upcoming(tenant: string, id: string, count: number): Promise<number[]> {
    const { schedule } = await this.get(tenant, id);
    const times = dueTimes(schedule.times);
    const found: number[] = [];
    for (let at = times.next(Date.now()); at !== null && found.length < count; at = times.next(at)) found.push(at);
    return found;
  }

  async put(
    tenant: string,
    { input, ...schedule }: ScheduleBody,
    precondition: Precondition,
  ): Promise<{ stored: StoredSchedule; created: boolean }> {
    const times = dueTimes(schedule.times);
    await this.#assertKnown(tenant, schedule);
    const asked = input && this.#seal(tenant, schedule.id, input);
    let created = false;
    const stored = await this.schedules.change(tenant, schedule.id, (before, count) => {
      assertPrecondition('schedules', schedule.id, before, precondition);
      created = before === null;
      if (created && count >= SCHEDULES_MAX)
        throw new MeshError('CONFLICT', `A tenant has at most ${SCHEDULES_MAX} schedules.`);
      const kept = asked ?? before;
      if (!kept) throw invalid('input', 'is missing: say what to ask');
      return { schedule, sealed: kept.sealed, preview: kept.preview, nextAt: nextOf(schedule, times) };
    });
    return { stored: stored!, created };
  }

  /** Turns it on or off; on, it is due from now on, and what passed meanwhile is not made up for. */
  async turn(tenant: string, id: string, enabled: boolean): Promise<StoredSchedule> {
    const stored = await this.schedules.change(tenant, id, (before) => {
      if (!before) throw notFound(id);
      const schedule = { ...before.schedule, enabled };
      const nextAt = before.schedule.enabled && enabled ? before.nextAt : nextOf(schedule, dueTimes(schedule.times));
      return { ...before, schedule, nextAt };
    });
    return stored!;
  }

  async remove(tenant: string, id: string, precondition: Precondition): Promise<void> {
    await this.schedules.change(tenant, id, (before) => {
      if (!before) throw notFound(id);
      assertPrecondition('schedules', id, before, precondition);
      return null;
    });
  }

  #seal(tenant: string, id: string, input: ScheduleInput): { sealed: string; preview: unknown } {
    const chars = input.reduce((sum, { content }) => sum + content.length, 0);
    if (chars > SCHEDULE_INPUT_CHARS_MAX)
      throw invalid('input', `must have at most ${SCHEDULE_INPUT_CHARS_MAX} characters, it has ${chars}`);
    const sealed = sealText(this.#vaultKey, { tenant, token: id }, JSON.stringify(input));
    return { sealed, preview: safeView(input, ruleset) };
  }

  /** For whoever writes it; what is in force when it is due decides the guard. */
  async #assertKnown(tenant: string, { agent, keyId }: Schedule): Promise<void> {
    await this.#assertTenant(tenant);
    if (!(await this.repository.get(tenant, 'agents', agent))) throw invalid('agent', `there is no agent ${agent}`);
    if (!(await this.repository.get(tenant, 'keys', keyId))) throw invalid('keyId', `there is no key ${keyId}`);
  }

  async #assertTenant(tenant: string): Promise<void> {
    if (!(await this.repository.hasTenant(tenant))) throw new MeshError('NOT_FOUND', `There is no tenant ${tenant}.`);
  }
}

const nextOf = ({ enabled }: Schedule, times: DueTimes): number | null => (enabled ? times.next(Date.now()) : null);

function notFound(id: string): MeshError {
  return new MeshError('NOT_FOUND', `There is no schedules/${id}.`);
}

function invalid(field: string, text: string): MeshError {
  return new MeshError('REQUEST_INVALID', `${field}: ${text}`, { details: { fields: [field] } });
}
