import { Inject, Injectable } from '@nestjs/common';
import { KEYS } from '@signalbox/app-runtime';
import { ModelRecogniserPort } from '@signalbox/app-runtime/recogniser';
import type { KeyRing } from '@signalbox/bus';
import type { Finding, Message, Redactions, RunRequestV1 } from '@signalbox/contracts';
import {
  assertNotBlocked,
  type Cleaned,
  countFound,
  findingsOf,
  findTokens,
  type Found,
  joinCleaned,
  type KnownValue,
  type RedactionDefinitions,
  redactJson,
  restoreText,
  type Ruleset,
  TenantRulesets,
  tenantPseudonymKey,
} from '@signalbox/privacy';
import { PolicyStore } from '@signalbox/policy-engine';
import { type Opened, VaultPort } from '../vault/vault.port.js';

export interface RedactedMessages {
  messages: Message[];
  found: Found[];
  counts: Redactions;
  findings?: Finding[];
  ruleset: string;
}

/** Before a tenant has a bundle nothing of it is admitted; what is said of it is cleaned all the same. */
const NO_DEFINITIONS: RedactionDefinitions = { rules: [], patterns: [] };

/** Takes personal data out of what comes in, and puts it back into what goes out to the same tenant. */
@Injectable()
export class RedactionService {
  readonly #master: Buffer;
  readonly #rulesets = new TenantRulesets();

  constructor(
    @Inject(KEYS) keys: KeyRing,
    @Inject(VaultPort) private readonly vault: VaultPort,
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(ModelRecogniserPort) private readonly recogniser: ModelRecogniserPort,
  ) {
    this.#master = keys.secret('pseudonym');
  }

  /**
   * Names are looked for only in the texts of the person whose profile has them. CONTENT_BLOCKED where a message holds
   * what the rules do not let in, a key or password by default; the errors of the recogniser, if there is one.
   */
  async messages(tenant: string, input: RunRequestV1['input'], names: string[]): Promise<RedactedMessages> {
    const modelled = await this.recogniser.find(input.map(({ content }) => content));
    const ruleset = this.#ruleset(tenant, names, modelled);
    const parts: Cleaned[] = [];
    const messages = input.map(({ role, content, untrusted }, index): Message => {
      const clean = this.#redact(tenant, content, ruleset);
      assertNotBlocked(clean, `Message ${index + 1} of the input`);
      parts.push(clean);
      return { role, content: clean.text, ...(untrusted === true ? { untrusted } : {}) };
    });
    const all = joinCleaned(parts);
    return { messages, found: all.found, counts: countFound(all), ...findingsOf(all), ruleset: ruleset.name };
  }

  /** What must be heard whatever it holds and whoever is away, as the reason of a cancel: what is not let in is masked. */
  text(tenant: string, text: string): { text: string; found: Found[] } {
    return this.#redact(tenant, text, this.#ruleset(tenant));
  }

  /** The same of what may wait for the recogniser. Its errors, if there is one. */
  async said(tenant: string, text: string): Promise<{ text: string; found: Found[] }> {
    return this.#redact(tenant, text, this.#ruleset(tenant, [], await this.recogniser.find([text])));
  }

  /** A JSON value, keys included; as JSON text. Errors as for messages. */
  async json(
    tenant: string,
    value: unknown,
    what: string,
  ): Promise<{ text: string; found: Found[]; counts: Redactions; findings?: Finding[] }> {
    const ruleset = this.#ruleset(tenant, [], await this.recogniser.find([JSON.stringify(value)]));
    const clean = redactJson(value, { ruleset, tenantKey: tenantPseudonymKey(this.#master, tenant) });
    assertNotBlocked(clean, what);
    const counts = countFound(clean);
    return { text: JSON.stringify(clean.value), found: clean.found, counts, ...findingsOf(clean) };
  }

  /** For the user in whose run the text stands. Tokens that the vault does not know stay as they are; of what was erased it says so. */
  async restore(tenant: string, userId: string, text: string): Promise<string> {
    const tokens = [...new Set(findTokens(text))];
    if (tokens.length === 0) return text;
    const opened = await this.vault.open(tenant, userId, tokens);
    return restoreText(text, { get: (token) => shown(opened.get(token)) });
  }

  #ruleset(tenant: string, names: string[] = [], modelled: KnownValue[] = []): Ruleset {
    const definitions = this.policies.inForce(tenant)?.redaction ?? NO_DEFINITIONS;
    return this.#rulesets.forGate(definitions, 'ingress', names, { modelled });
  }

  #redact(tenant: string, text: string, ruleset: Ruleset): Cleaned & { text: string } {
    const { value, ...clean } = redactJson(text, { ruleset, tenantKey: tenantPseudonymKey(this.#master, tenant) });
    return { text: String(value), ...clean };
  }
}

function shown(opened: Opened | undefined): string | undefined {
  return opened && (opened.value ?? `[${opened.class} erased]`);
}
