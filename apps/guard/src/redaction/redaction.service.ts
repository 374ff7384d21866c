import { Inject, Injectable } from '@nestjs/common';
import { KEYS } from '@signalbox/app-runtime';
import type { KeyRing } from '@signalbox/bus';
import type { Message, Redactions, RunRequestV1 } from '@signalbox/contracts';
import {
  countFound,
  createRuleset,
  findTokens,
  type Found,
  MESH_RULESET,
  redactJson,
  restoreText,
  type Ruleset,
  tenantPseudonymKey,
} from '@signalbox/privacy';
import { VaultPort } from '../vault/vault.port.js';

export interface RedactedMessages {
  messages: Message[];
  found: Found[];
  counts: Redactions;
  ruleset: string;
}

/** Takes personal data out of what comes in, and puts it back into what goes out to the same tenant. */
@Injectable()
export class RedactionService {
  readonly #master: Buffer;
  readonly #general: Ruleset = createRuleset();

  constructor(
    @Inject(KEYS) keys: KeyRing,
    @Inject(VaultPort) private readonly vault: VaultPort,
  ) {
    this.#master = keys.secret('pseudonym');
  }

  /** Names are looked for only in the texts of the person whose profile has them. */
  messages(tenant: string, input: RunRequestV1['input'], names: string[]): RedactedMessages {
    const ruleset = names.length > 0 ? createRuleset({ names }) : this.#general;
    const found = new Map<string, Found>();
    let masked = 0;
    const messages = input.map(({ role, content, untrusted }): Message => {
      const clean = this.#redact(tenant, content, ruleset);
      for (const item of clean.found) found.set(item.token, item);
      masked += clean.masked;
      return { role, content: clean.text, ...(untrusted === true ? { untrusted } : {}) };
    });
    const items = [...found.values()];
    return { messages, found: items, counts: countFound(items, masked), ruleset: MESH_RULESET };
  }

  text(tenant: string, text: string): { text: string; found: Found[] } {
    return this.#redact(tenant, text, this.#general);
  }

  /** The same for a JSON value, keys included; as JSON text. */
  json(tenant: string, value: unknown): { text: string; found: Found[]; counts: Redactions } {
    const clean = redactJson(value, { ruleset: this.#general, tenantKey: tenantPseudonymKey(this.#master, tenant) });
    return { text: JSON.stringify(clean.value), found: clean.found, counts: countFound(clean.found, clean.masked) };
  }

  /** Tokens that the vault does not know stay as they are. */
  async restore(tenant: string, text: string): Promise<string> {
    const tokens = [...new Set(findTokens(text))];
    return tokens.length === 0 ? text : restoreText(text, await this.vault.open(tenant, tokens));
  }

  #redact(tenant: string, text: string, ruleset: Ruleset): { text: string; found: Found[]; masked: number } {
    const { value, found, masked } = redactJson(text, { ruleset, tenantKey: tenantPseudonymKey(this.#master, tenant) });
    return { text: String(value), found, masked };
  }
}
