import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PII_CLASSES, REDACTION_GATES, type RedactionReplayedV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import {
  detect,
  type RedactionDefinitions,
  redactJson,
  Rendering,
  type Ruleset,
  TenantRulesets,
} from '@signalbox/privacy';
import { patternFaults, redactionFaults } from '../definitions/redaction-checks.js';
import { ReplayPort } from './replay.port.js';
import { PolicyRepository, type TenantPolicy } from '../storage/policy.repository.js';
import {
  type RedactionClasses,
  type RedactionComparison,
  type RedactionDraft,
  type RedactionTrial,
  type RedactionTrialResult,
  TRIAL_SPANS_MAX,
} from './redaction-trial.js';

const FAULTS_MAX = 8;

/** Shows what rules do to a text before anybody depends on them. Nothing of the text is kept. */
@Injectable()
export class RedactionTrialService {
  readonly #rulesets = new TenantRulesets();

  constructor(
    private readonly repository: PolicyRepository,
    private readonly replays: ReplayPort,
  ) {}

  /** REQUEST_INVALID where a draft could not be put. */
  async try(tenant: string, { text, gate, names, ...draft }: RedactionTrial): Promise<RedactionTrialResult> {
    const ruleset = this.#rulesets.forGate(await this.definitions(tenant, draft), gate, names);
    // A key of the moment: nobody can compare what is shown with what is kept elsewhere.
    const clean = redactJson(text, { ruleset, tenantKey: randomBytes(32) });
    const spans = detect(text, ruleset).slice(0, TRIAL_SPANS_MAX);
    return {
      ruleset: ruleset.name,
      refused: clean.blocked.length > 0,
      spans: spans.map(({ class: name, start, end, recogniser }) => {
        const { action, rule = null } = ruleset.actionOf(name);
        return { class: name, start, end, recogniser, action, rule };
      }),
      text: new Rendering().render(String(clean.value)),
    };
  }

  /** A draft against the rules in force, over what was said in the newest runs; never a value. */
  async compare(tenant: string, { runs, ...draft }: RedactionComparison): Promise<RedactionReplayedV1> {
    const [present, other] = await Promise.all([this.definitions(tenant, {}), this.definitions(tenant, draft)]);
    const plain = ({ rules, patterns }: RedactionDefinitions) => ({ rules: [...rules], patterns: [...patterns] });
    return this.replays.replay({ tenant, present: plain(present), other: plain(other), runs });
  }

  /** Every class with what is done with it at each gate, as things are. */
  async classes(tenant: string): Promise<RedactionClasses> {
    const definitions = await this.definitions(tenant, {});
    const at = REDACTION_GATES.map((gate) => [gate, this.#rulesets.forGate(definitions, gate)] as const);
    const names = [...new Set([...PII_CLASSES, ...definitions.patterns.map((pattern) => pattern.class)])];
    const told = (ruleset: Ruleset, name: (typeof names)[number]) => {
      const { action, rule = null } = ruleset.actionOf(name);
      return { action, rule };
    };
    const items = names.map((name) => ({
      class: name,
      actions: Object.fromEntries(at.map(([gate, ruleset]) => [gate, told(ruleset, name)])) as never,
    }));
    return { ruleset: at[0]![1].name, items };
  }

  /** Those in force, with a draft in their place. */
  async definitions(tenant: string, { redactions, patterns }: RedactionDraft): Promise<RedactionDefinitions> {
    const inForce = await this.repository.change(tenant, (transaction) => transaction.policy());
    const policy = { ...inForce, ...(redactions ? { redactions } : {}), ...(patterns ? { patterns } : {}) };
    assertDraft(policy);
    return { rules: policy.redactions, patterns: policy.patterns };
  }
}

function assertDraft(policy: TenantPolicy): void {
  const faults = [
    ...policy.patterns.flatMap((pattern, at) => told(`patterns.${at}`, patternFaults(pattern, policy))),
    ...policy.redactions.flatMap((rule, at) => told(`redactions.${at}`, redactionFaults(rule, policy))),
  ].slice(0, FAULTS_MAX);
  if (faults.length === 0) return;
  const message = faults.map(([field, text]) => `${field}: ${text}`).join('; ');
  throw new MeshError('REQUEST_INVALID', message, { details: { fields: faults.map(([field]) => field) } });
}

const told = (at: string, faults: [string, string][]): [string, string][] =>
  faults.map(([field, text]) => [`${at}.${field}`, text]);
