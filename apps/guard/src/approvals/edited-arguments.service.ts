import { Inject, Injectable } from '@nestjs/common';
import { unlabelled } from '@signalbox/contracts';
import { MeshError, parseJson } from '@signalbox/kernel';
import { PolicyStore } from '@signalbox/policy-engine';
import { findTokens, restoreJson } from '@signalbox/privacy';
import { RedactionService } from '../redaction/redaction.service.js';
import type { AskedApproval, RunRef } from '../runs/run-journal.port.js';
import { VaultPort } from '../vault/vault.port.js';
import { argumentsFault } from './arguments-fault.js';

/** Takes in the arguments that a person gave a call in place of the model's. */
@Injectable()
export class EditedArgumentsService {
  constructor(
    @Inject(PolicyStore) private readonly policies: PolicyStore,
    @Inject(RedactionService) private readonly redaction: RedactionService,
    @Inject(VaultPort) private readonly vault: VaultPort,
  ) {}

  /**
   * The same, redacted, as JSON text. TOOL_ARGUMENTS_INVALID where the tool would not take them, TOOL_DENIED where policy
   * forbids them: what it forbids nobody can approve.
   */
  async take(
    { tenant }: RunRef,
    text: string,
    asked: AskedApproval,
    caller: { agent: string; userId: string },
  ): Promise<string> {
    const value = parseJson(new TextEncoder().encode(text));
    // Tokens that the person was shown mean what they meant there; others are mere text.
    const tokens = [...new Set(findTokens(asked.arguments))];
    const known = await this.vault.open(tenant, caller.userId, tokens);
    const lookup = { get: (token: string) => known.get(token)?.value ?? undefined };
    const clean = await this.redaction.json(tenant, restoreJson(value, lookup), 'The changed arguments');
    const fault = argumentsFault(asked.manifest, clean.text);
    if (fault !== null) throw new MeshError('TOOL_ARGUMENTS_INVALID', `The call is not changed: ${fault}`);
    const { tool, labels = { context: unlabelled('call') } } = asked;
    const verdict = this.policies
      .forTenant(tenant)
      .authorize({ ...caller, tool, arguments: JSON.parse(clean.text), labels });
    if (verdict.outcome === 'deny') throw new MeshError('TOOL_DENIED', `The call is not changed: ${verdict.reason}`);
    if (clean.found.length > 0) await this.vault.keep(tenant, caller.userId, clean.found);
    return clean.text;
  }
}
