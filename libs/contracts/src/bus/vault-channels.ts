import { AcknowledgedV1 } from '../work/acknowledged.v1.js';
import { RedactionReplayV1 } from '../work/redaction-replay.v1.js';
import { RedactionReplayedV1 } from '../work/redaction-replayed.v1.js';
import { VaultAskV1 } from '../work/vault-ask.v1.js';
import { VaultDepositV1 } from '../work/vault-deposit.v1.js';
import { VaultRevealV1 } from '../work/vault-reveal.v1.js';
import { VaultRevealedV1 } from '../work/vault-revealed.v1.js';
import { VaultStateV1 } from '../work/vault-state.v1.js';
import type { Channel } from './channel.js';

/** The guard's vault, and redaction before it is in force, as others inside see them. */
export const VAULT_CHANNELS = {
  vaultDeposit: {
    account: 'CORE',
    subject: 'sb.v1.svc.guard.deposit.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['inference', 'tool-runner'],
    subscribers: ['guard'],
    tenants: false,
    seal: 'pair:guard',
    messages: { 'vault.deposit.v1': VaultDepositV1 },
    reply: AcknowledgedV1,
    doc: 'Sealed values that a provider or a tool brought in.',
  },
  vaultAsk: {
    account: 'CORE',
    subject: 'sb.v1.svc.guard.vault.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['policy'],
    subscribers: ['guard'],
    tenants: false,
    seal: 'pair:guard',
    messages: { 'vault.ask.v1': VaultAskV1 },
    reply: VaultStateV1,
    doc: 'Keys of the vault: their state, their change, the erasure of a user.',
  },
  vaultReveal: {
    account: 'CORE',
    subject: 'sb.v1.svc.guard.reveal.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['tool-runner'],
    subscribers: ['guard'],
    tenants: false,
    seal: 'pair:guard',
    messages: { 'vault.reveal.v1': VaultRevealV1 },
    reply: VaultRevealedV1,
    doc: 'Real values for one call of a tool, as policy permits; sealed for whoever asks.',
  },
  redactionReplay: {
    account: 'CORE',
    subject: 'sb.v1.svc.audit.redaction.*',
    carrier: { kind: 'request', streamed: false },
    publishers: ['policy'],
    subscribers: ['audit'],
    tenants: false,
    seal: 'pair:audit',
    messages: { 'redaction.replay.v1': RedactionReplayV1 },
    reply: RedactionReplayedV1,
    doc: 'What other redaction rules would do with what is in the archive.',
  },
} as const satisfies Record<string, Channel>;
