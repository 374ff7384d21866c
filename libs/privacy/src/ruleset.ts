import { PII_CLASSES, type PiiClass } from '@signalbox/contracts';
import { cardRecogniser } from './recognisers/card.js';
import { emailRecogniser } from './recognisers/email.js';
import { ibanRecogniser } from './recognisers/iban.js';
import { lookalikeRecogniser } from './recognisers/lookalike.js';
import { PersonRecogniser } from './recognisers/person.js';
import { phoneRecogniser } from './recognisers/phone.js';
import type { Recogniser } from './recogniser.js';

/** The recognisers in force for one caller. Immutable; build it once and share it. */
export interface Ruleset {
  readonly classes: readonly PiiClass[];
  /** Recognisers by tier, those without a say left out. */
  readonly tiers: readonly (readonly Recogniser[])[];
  /** Folded characters from a position that decide what starts there: one tier waits for the next. */
  readonly reach: number;
}

export interface RulesetOptions {
  /** Classes to look for; all by default. */
  classes?: readonly PiiClass[];
  /** Names in the caller's own profile, for PERSON. At most 64 of 200 characters: else REQUEST_INVALID. */
  names?: readonly string[];
}

const TIERS = [0, 1, 2, 3] as const;

export function createRuleset(options: RulesetOptions = {}): Ruleset {
  const classes = options.classes ?? PII_CLASSES;
  const all: readonly Recogniser[] = [
    lookalikeRecogniser,
    emailRecogniser,
    ibanRecogniser,
    cardRecogniser,
    phoneRecogniser,
    new PersonRecogniser(options.names ?? []),
  ];
  const inForce = all.filter((one) => one.class === 'LOOKALIKE' || classes.includes(one.class));
  const tiers = TIERS.map((tier) => inForce.filter((one) => one.tier === tier)).filter((tier) => tier.length > 0);
  const reach = tiers.reduce((sum, tier) => sum + Math.max(...tier.map((one) => one.reach)), 0);
  return { classes, tiers, reach };
}
