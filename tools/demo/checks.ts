import type { Answer } from './ask.ts';
import type { Proof, StorySummary } from './storyteller.ts';

interface Facts {
  /** The person gave a text of their own: what it brings about is theirs. */
  own: boolean;
  secrets: { class: string; value: string }[];
  answer: Answer;
  proof: Proof;
  leaks: { places: string[]; messages: number; logBytes: number };
  story: StorySummary;
}

interface Check {
  claim: string;
  held: boolean;
  how: string;
}

/** What the demo claims, each with how it was seen. */
export class Checks {
  readonly #facts: Facts;
  readonly #checks: Check[];

  constructor(facts: Facts) {
    this.#facts = facts;
    const { secrets, answer, proof, leaks, story, own } = facts;
    const redactions = this.#redactions();
    const restored = secrets.filter(({ value }) => answer.text.includes(value));
    const tokens = /\[\[[A-Z]|\[(EMAIL|PHONE|CARD|IBAN|PERSON)_\d/.test(answer.text);
    this.#checks = [
      { claim: 'the run completed', held: answer.status === 'completed', how: answer.status },
      {
        claim: 'every personal value was redacted',
        held: redactions === secrets.length,
        how: `${redactions} of ${secrets.length}`,
      },
      {
        claim: 'no raw value inside',
        held: leaks.places.length === 0,
        how: leaks.places.join('; ') || `${leaks.messages} messages and ${leaks.logBytes} bytes of logs looked at`,
      },
      {
        claim: 'the answer has the person’s data back',
        held: !tokens && (own || restored.length > 0),
        how: `${restored.map(({ class: name }) => name).join(', ') || 'none appears'}`,
      },
      {
        claim: 'a model was asked',
        held: story.modelCalls > 0,
        how: `${story.modelCalls} calls${answer.simulated ? ', simulated' : ''}`,
      },
      ...(own ? [] : toolChecks(story)),
      {
        claim: 'the router was killed and the run went on',
        held: story.routerKilled && story.routerCameBack,
        how: story.routerCameBack ? 'another took over' : 'no',
      },
      { claim: 'the cost was counted', held: answer.costNanoUsd > 0, how: `$${(answer.costNanoUsd / 1e9).toFixed(6)}` },
      {
        claim: 'the journal is verified',
        held: proof.ok,
        how: proof.ok ? `${proof.entries} entries, head ${proof.head.slice(0, 16)}…` : proof.faults.join('; '),
      },
    ];
  }

  table(): string {
    const width = Math.max(...this.#checks.map(({ claim }) => claim.length));
    return this.#checks
      .map(({ claim, held, how }) => `  ${held ? 'yes' : 'NO '}  ${claim.padEnd(width)}  ${how}`)
      .join('\n');
  }

  result(): Record<string, unknown> {
    const { answer, proof, story } = this.#facts;
    return {
      ok: this.#checks.every(({ held }) => held),
      runId: answer.runId,
      modelCalls: story.modelCalls,
      toolCalls: story.toolCalls,
      denied: story.denied,
      redactions: this.#redactions(),
      routerKilled: story.routerKilled,
      costNanoUsd: answer.costNanoUsd,
      auditVerified: proof.ok,
    };
  }

  #redactions(): number {
    return Object.values(this.#facts.answer.redactions).reduce((sum, count) => sum + count, 0);
  }
}

/** Only where the question asks for tools: the default one does. */
function toolChecks(story: StorySummary): Check[] {
  return [
    { claim: 'a tool ran in the sandbox', held: story.toolCalls > 0, how: `${story.toolCalls} allowed` },
    {
      claim: 'a tool was refused by policy',
      held: story.denied > 0,
      how: story.deniedBy.join(', ') || 'none',
    },
  ];
}
