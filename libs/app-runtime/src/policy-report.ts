import type { Bus } from '@signalbox/bus';
import { subjects } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { PolicyEvent } from '@signalbox/policy-engine';
import type { Logger } from '@signalbox/telemetry';

/** What an enforcement point has of a tenant, as its health says. */
interface TenantState {
  tenant: string;
  /** Of the bundle in force; null: none was seen. */
  version: number | null;
  hash: string | null;
  /** When it came into force here, ms since 1970. */
  since: number | null;
  /** Bundles refused since the process started, and the last of them. */
  refused: number;
  lastRefusal: { reason: string; at: number } | null;
}

/** Tenants that health tells of; the others are followed all the same. */
const TOLD_MAX = 100;
/** Between two notes to audit of the same refusal, ms: what is refused may be offered again and again. */
const NOTE_MS = 10_000;

/** Tells of bundles that come into force and of those that are refused: in the log, in health, and to audit. */
export class PolicyReport {
  readonly #tenants = new Map<string, TenantState>();
  readonly #notedAt = new Map<string, number>();

  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {}

  hear(event: PolicyEvent): void {
    const { tenant } = event;
    const state = this.#tenants.get(tenant) ?? fresh(tenant);
    this.#tenants.set(tenant, state);
    if (event.type === 'accepted') {
      const { version, hash } = event.bundle;
      if (state.hash !== hash) Object.assign(state, { version, hash, since: Date.now() });
      this.logger.info({ tenant, version }, 'a policy bundle is in force');
      return;
    }
    const { fault } = event;
    const { reason: said } = fault.details;
    const reason = typeof said === 'string' ? said : fault.code;
    state.refused += 1;
    state.lastRefusal = { reason, at: Date.now() };
    this.logger.error({ tenant, err: fault }, 'a policy bundle was refused');
    this.#note(tenant, reason, fault);
  }

  state(): TenantState[] {
    return [...this.#tenants.values()].slice(0, TOLD_MAX);
  }

  #note(tenant: string, reason: string, fault: MeshError): void {
    const now = Date.now();
    const key = `${tenant} ${reason}`;
    if (now - (this.#notedAt.get(key) ?? 0) < NOTE_MS) return;
    this.#notedAt.set(key, now);
    const kind = 'bundle-refused';
    const { service } = this.bus;
    const inForce = this.#tenants.get(tenant)?.version ?? null;
    const facts = { reason, why: fault.message.slice(0, 500), service, inForce };
    this.bus
      .publish('audit', subjects.audit(tenant, kind), { kind, service, facts, at: now })
      .catch((error: unknown) => {
        this.logger.warn({ err: MeshError.from(error), tenant }, 'a refused bundle could not be told to audit');
      });
  }
}

const fresh = (tenant: string): TenantState => ({
  tenant,
  version: null,
  hash: null,
  since: null,
  refused: 0,
  lastRefusal: null,
});
