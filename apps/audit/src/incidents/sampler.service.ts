import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, CORE_BUS } from '@signalbox/app-runtime';
import type { Bus, Sampled } from '@signalbox/bus';
import { partitionOfRun, partitionStream, SAMPLED, tenantOf } from '@signalbox/contracts';
import { PolicyStore } from '@signalbox/policy-engine';
import type { AuditConfig } from '../config.js';
import { type Detected, detectIndependently } from './independent-detector.js';
import { IncidentsService } from './incidents.service.js';

const PERIOD_MS = 1_000;
/** Of all messages of a period together; what is beyond is not looked at. */
const BYTES_MAX = 2_097_152;
/** What operators write in definitions does not pass the gates, and is theirs to publish. */
const DEFINITIONS = '$KV.policy.';
const RUN = 'sb.v1.run.';

export interface Looked {
  messages: number;
  bytes: number;
  /** Left out for want of time. */
  skipped: number;
  raised: number;
}

/** Looks at a sample of all that CORE carries, for raw values that came past the gates. */
@Injectable()
export class SamplerService implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #decoder = new TextDecoder();
  readonly #looked: Looked = { messages: 0, bytes: 0, skipped: 0, raised: 0 };
  #sampling: { stop(): void } | undefined;
  #period = 0;
  #bytes = 0;

  constructor(
    @Inject(CORE_BUS) private readonly bus: Bus,
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(IncidentsService) private readonly incidents: IncidentsService,
    @Inject(CONFIG) private readonly config: AuditConfig,
  ) {}

  onApplicationBootstrap(): void {
    const { sampleMessages: messagesMax } = this.config;
    if (messagesMax === 0) return;
    const hear = (message: Sampled): void => this.look(message);
    this.#sampling = this.bus.sampling.follow({ patterns: SAMPLED, messagesMax, periodMs: PERIOD_MS, hear });
  }

  onModuleDestroy(): void {
    this.#sampling?.stop();
  }

  looked(): Looked {
    return { ...this.#looked };
  }

  look(message: Sampled): void {
    const { subject, headers, body } = message;
    if (subject.startsWith(DEFINITIONS)) return;
    if (!this.#mayLook(body.length)) return void this.#looked.skipped++;
    this.#looked.messages++;
    this.#looked.bytes += body.length;
    const found = detectIndependently(`${subject}\n${headers}\n${this.#decoder.decode(body)}`);
    if (found.length > 0) void this.#raise(message, found);
  }

  async #raise(message: Sampled, found: readonly Detected[]): Promise<void> {
    const { subject } = message;
    const tenant = tenantIn(subject);
    const allowed = this.policies.inForce(tenant)?.redaction.rules ?? [];
    const raw = found.filter((one) => !allowed.some(({ class: name, action }) => name === one && action === 'allow'));
    if (raw.length === 0) return;
    const seq = await this.#seqOf(message);
    for (const what of raw) {
      this.#looked.raised++;
      this.incidents.raise({ kind: 'raw-value', tenant, what, subject: nameOf(subject), seq, at: Date.now() });
    }
  }

  async #seqOf(message: Sampled): Promise<number | null> {
    const { subject } = message;
    if (!subject.startsWith(RUN)) return null;
    try {
      const stream = partitionStream(partitionOfRun(subject.slice(subject.lastIndexOf('.') + 1)));
      return await this.bus.sampling.seqOf(stream, message);
    } catch {
      return null;
    }
  }

  #mayLook(bytes: number): boolean {
    const period = Math.floor(performance.now() / PERIOD_MS);
    if (period !== this.#period) [this.#period, this.#bytes] = [period, 0];
    this.#bytes += bytes;
    return this.#bytes <= BYTES_MAX;
  }
}

/** A subject may itself hold the value. */
function nameOf(subject: string): string {
  return detectIndependently(subject).length > 0 ? subject.split('.').slice(0, 3).join('.') : subject;
}

/** `$KV.sessions.<tenant>.…`, `sb.v1.…`; `mesh` where none is named. */
function tenantIn(subject: string): string {
  try {
    const tenant = subject.startsWith('$KV.') ? subject.split('.')[2] : tenantOf(subject);
    return tenant !== undefined && /^[a-z][a-z0-9-]{0,31}$/.test(tenant) ? tenant : 'mesh';
  } catch {
    return 'mesh';
  }
}
