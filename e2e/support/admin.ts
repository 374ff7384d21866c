import type {
  AgentManifest,
  CedarPolicy,
  Delegation,
  ModelManifest,
  Quota,
  RedactionPattern,
  RedactionRule,
  Residency,
  Rule,
  ToolManifest,
  Waiver,
} from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';

const ARCHIVE_TIMEOUT_MS = 60_000;
/** Runs verified by one request. */
const VERIFY_PAGE = 500;

/** Whatever revision it has. */
const ANY = { 'if-match': '*' };

export interface Definitions {
  models?: ModelManifest[];
  tools?: ToolManifest[];
  agents?: AgentManifest[];
  rules?: Rule[];
  policies?: Omit<CedarPolicy, 'json'>[];
  patterns?: RedactionPattern[];
  redactions?: RedactionRule[];
  quotas?: Quota[];
  delegations?: Delegation[];
  residencies?: Residency[];
}

/** A run as the audit service has it. */
export interface ArchivedRun {
  run: { status: string; endedAt: number | null; costNanoUsd: number; toolCalls: number; denied: number };
  story: { author: string; text: string }[];
  entries: { seq: number; kind: string; body: Record<string, unknown> }[];
}

export interface Verification {
  runId: string;
  ok: boolean;
  entries: number;
  faults: string[];
}

/** The two admin APIs with the admin token: what an operator does. */
export class Admin {
  readonly #policyUrl: string;
  readonly #auditUrl: string;
  readonly #token: string;

  constructor(policyUrl: string, auditUrl: string, token: string) {
    this.#policyUrl = policyUrl;
    this.#auditUrl = auditUrl;
    this.#token = token;
  }

  /** Puts definitions in the order in which they name each other. */
  async define(tenant: string, definitions: Definitions): Promise<void> {
    const { models = [], tools = [], agents = [], rules = [], policies = [], patterns = [] } = definitions;
    const { redactions = [], quotas = [], delegations = [], residencies = [] } = definitions;
    for (const one of models) await this.#put(tenant, 'models', one.id, one);
    for (const one of tools) await this.#put(tenant, 'tools', one.name, one);
    for (const one of agents) await this.#put(tenant, 'agents', one.id, one);
    for (const one of rules) await this.#put(tenant, 'rules', one.id, one);
    for (const one of policies) await this.#put(tenant, 'policies', one.id, one);
    for (const one of patterns) await this.#put(tenant, 'patterns', one.id, one);
    for (const one of redactions) await this.#put(tenant, 'redactions', one.id, one);
    for (const one of quotas) await this.#put(tenant, 'quotas', one.id, one);
    for (const one of delegations) await this.#put(tenant, 'delegations', one.id, one);
    for (const one of residencies) await this.#put(tenant, 'residencies', one.id, one);
  }

  /** Throws a kill switch, or (without a reason) takes it back. */
  async halt(tenant: string, id: string, agents: '*' | string[], reason?: string): Promise<void> {
    const url = `${this.#policyUrl}/admin/v1/tenants/${tenant}/halts/${id}`;
    const body = reason === undefined ? {} : { body: JSON.stringify({ id, agents, reason }) };
    const change = reason === undefined ? { method: 'DELETE', headers: ANY } : { method: 'PUT', ...body };
    await this.#ask(url, change);
  }

  /** Lets some agents go without a rule of the mesh itself. */
  async waive(tenant: string, waiver: Waiver): Promise<void> {
    const url = `${this.#policyUrl}/admin/v1/tenants/${tenant}/waivers/${waiver.id}`;
    await this.#ask(url, { method: 'PUT', body: JSON.stringify(waiver) });
  }

  /** A new bearer key; `agents` is what it may start. */
  async createKey(
    tenant: string,
    userId: string,
    agents: string[] | '*' = '*',
    more: { roles?: string[] } = {},
  ): Promise<{ id: string; key: string }> {
    const url = `${this.#policyUrl}/admin/v1/tenants/${tenant}/keys`;
    return this.#json(url, { method: 'POST', body: JSON.stringify({ userId, agents, ...more }) });
  }

  async remove(tenant: string, kind: keyof Definitions, id: string): Promise<void> {
    await this.#ask(`${this.#policyUrl}/admin/v1/tenants/${tenant}/${kind}/${id}`, { method: 'DELETE', headers: ANY });
  }

  async removeKey(tenant: string, id: string): Promise<void> {
    await this.#ask(`${this.#policyUrl}/admin/v1/tenants/${tenant}/keys/${id}`, { method: 'DELETE', headers: ANY });
  }

  /** Asks the policy service below the tenant. */
  async policy<T>(tenant: string, path: string, method = 'GET', body?: object): Promise<T> {
    const url = `${this.#policyUrl}/admin/v1/tenants/${tenant}${path}`;
    return this.#json(url, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  }

  /** The run once the archive has its end. */
  async archived(tenant: string, runId: string): Promise<ArchivedRun> {
    const url = `${this.#auditUrl}/audit/v1/tenants/${tenant}/runs/${runId}`;
    const ended = async (): Promise<ArchivedRun | null> => {
      const found = await this.#json<ArchivedRun>(url);
      return found.run.endedAt === null && found.run.status !== 'refused' ? null : found;
    };
    return waitFor(ended, { timeoutMs: ARCHIVE_TIMEOUT_MS, what: `${runId} in the archive with its end` });
  }

  /** What the archive says of the run, once it has its end. */
  async verify(tenant: string, runId: string): Promise<Verification> {
    await this.archived(tenant, runId);
    const url = `${this.#auditUrl}/audit/v1/tenants/${tenant}/runs/${runId}/verify`;
    const { data } = await this.#json<{ data: Verification[] }>(url);
    return data[0]!;
  }

  /** Every run in the archive by now. */
  async verifyAll(tenant: string): Promise<Verification[]> {
    const all: Verification[] = [];
    let after = '';
    do {
      const url = `${this.#auditUrl}/audit/v1/tenants/${tenant}/verify?limit=${VERIFY_PAGE}${after}`;
      const { data, next } = await this.#json<{ data: Verification[]; next: string | null }>(url);
      all.push(...data);
      after = next === null ? '' : `&after=${next}`;
    } while (after !== '');
    return all;
  }

  async #put(tenant: string, kind: keyof Definitions, id: string, definition: object): Promise<void> {
    const url = `${this.#policyUrl}/admin/v1/tenants/${tenant}/${kind}/${id}`;
    await this.#ask(url, { method: 'PUT', body: JSON.stringify(definition) });
  }

  async #json<T>(url: string, init: RequestInit = {}): Promise<T> {
    return (await this.#ask(url, init)).json() as Promise<T>;
  }

  async #ask(url: string, init: RequestInit): Promise<Response> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      ...(init.body == null ? {} : { 'content-type': 'application/json' }),
      ...(init.headers as Record<string, string> | undefined),
    };
    const response = await fetch(url, { ...init, headers });
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url}: ${response.status} ${await response.text()}`);
    return response;
  }
}
