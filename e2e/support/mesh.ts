import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignalboxClient } from '@signalbox/client';
import { testFolder, waitFor } from '@signalbox/testing';
import OpenAI from 'openai';
import type { Stack, StackOptions } from '../../tools/stack/options.ts';
import { startStack } from '../../tools/stack/stack.ts';
import { Admin, type Definitions } from './admin.ts';
import { agent, codeTool, permit } from './definitions.ts';
import { callThenQuote } from './sim.ts';

export const TENANT = 'demo';
const SPREAD_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 60_000;

/** A whole mesh of one spec file, as `npm start` would start it, and what its tests need of it. */
export class E2eMesh {
  readonly stack: Stack;
  readonly admin: Admin;
  #canaries = 0;

  private constructor(stack: Stack) {
    this.stack = stack;
    this.admin = new Admin(this.url('policy'), this.url('audit'), this.secret('admin.token'));
  }

  static async start(name: string, options: StackOptions = {}): Promise<E2eMesh> {
    const own = { stateDir: testFolder(name), ports: 'free', durable: false, print: () => undefined } as const;
    return new E2eMesh(await startStack({ ...own, ...options }));
  }

  url(name: string): string {
    return this.stack.urls[name]!;
  }

  /** A key file of the command line's: `api-key-<tenant>.key`, `tenant-<tenant>.nk`, `admin.token`. */
  secret(file: string): string {
    return readFileSync(join(this.stack.keysDir, 'cli', file), 'utf8').trim();
  }

  key(tenant = TENANT): string {
    return this.secret(`api-key-${tenant}.key`);
  }

  openai(apiKey = this.key()): OpenAI {
    return new OpenAI({ apiKey, baseURL: `${this.url('gateway')}/v1`, maxRetries: 0, timeout: REQUEST_TIMEOUT_MS });
  }

  /** A tenant's own system on the bus. */
  client(options: { tenant?: string; key?: string } = {}): Promise<SignalboxClient> {
    const tenant = options.tenant ?? TENANT;
    const key = options.key ?? this.key(tenant);
    return SignalboxClient.connect({
      url: this.url('nats'),
      tenant,
      key,
      nkeySeed: this.secret(`tenant-${tenant}.nk`),
    });
  }

  /** Puts definitions and returns once every service decides by them: a run of the newest agent went all the way. */
  async define(definitions: Definitions, tenant = TENANT): Promise<void> {
    const id = `canary-${++this.#canaries}`;
    await this.admin.define(tenant, definitions);
    await this.admin.define(tenant, {
      tools: [codeTool(`canary_${this.#canaries}`, 'javascript')],
      agents: [agent(id, { tools: [`canary_${this.#canaries}`] })],
      rules: [permit(id, [id], [`canary_${this.#canaries}`])],
    });
    const client = this.openai(this.key(tenant));
    const input = callThenQuote(`canary_${this.#canaries}`, { code: 'console.log("in force")' });
    const inForce = async (): Promise<boolean> =>
      (await client.responses.create({ model: id, input })).output_text.includes('in force\n');
    await waitFor(inForce, { timeoutMs: SPREAD_TIMEOUT_MS, what: 'the definitions to be in force everywhere' });
  }

  /** A request of one's own making, with the first key unless the headers say otherwise. */
  request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.key()}`, 'content-type': 'application/json' };
    return fetch(`${this.url('gateway')}${path}`, { ...init, headers: { ...headers, ...init.headers } });
  }

  /** Pids of all services: they change when one went down. */
  pids(): Record<string, number | null> {
    const names = new Set(this.stack.report().map(({ name }) => name));
    return Object.fromEntries([...names].sort().map((name) => [name, this.stack.pid(name)]));
  }

  stop(): Promise<void> {
    return this.stack.stop();
  }
}

/** What a Response object has of ours. */
export interface Extension {
  run_id: string;
  status: string;
  simulated: boolean;
  cost_nano_usd: number;
  redactions: Record<string, number>;
  tool_calls: number;
  denied: number;
}

export function extensionOf(response: OpenAI.Responses.Response): Extension {
  return (response as unknown as { signalbox: Extension }).signalbox;
}

/** Everything before the simulator's own words counts as the request's business: these are the fields beyond OpenAI's. */
export function withOurs<T extends object>(request: T, signalbox: object): T {
  return { ...request, signalbox } as T;
}
