import { type DataClass, PII_CLASSES, type PiiClass } from '@signalbox/contracts';
import { cardRecogniser } from './recognisers/card.js';
import { emailRecogniser } from './recognisers/email.js';
import { ibanRecogniser } from './recognisers/iban.js';
import { lookalikeRecogniser } from './recognisers/lookalike.js';
import { PersonRecogniser } from './recognisers/person.js';
import { phoneRecogniser } from './recognisers/phone.js';
import { ProseRecogniser, type ProseLevel } from './recognisers/prose/prose-recogniser.js';
import { secretRecogniser } from './recognisers/secret.js';
import { ShapeRecogniser } from './recognisers/shapes/shape-recogniser.js';
import { UrlRecogniser } from './recognisers/url.js';
import type { Recogniser } from './recogniser.js';
import { type ActionInForce, CONTEXT_CLASSES } from './rules/actions.js';

/** The recognisers in force for one caller. Immutable; build it once and share it. */
export interface Ruleset {
  /** Kept with everything it cleaned. */
  readonly name: string;
  /** What is done with what is found. */
  readonly actionOf: (dataClass: DataClass) => ActionInForce;
  readonly classes: readonly PiiClass[];
  /** Recognisers by tier, those without a say left out. */
  readonly tiers: readonly (readonly Recogniser[])[];
  /** Folded characters from a position that decide what starts there: one tier waits for the next. */
  readonly reach: number;
  /** Reads what is no prose: keys, short fields and other parts of JSON. */
  readonly fields?: Ruleset;
}

/**
 * How much is taken for personal. `strict`: what has a validator or a cue. `balanced`: names, places and the like too,
 * with filters against false alarms. `broad`: the same without the filters. `mesh`: what the three gates use, balanced
 * without the classes that name nobody by themselves (see `CONTEXT_CLASSES`).
 */
export const PROFILES = ['strict', 'balanced', 'broad', 'mesh'] as const;
export type Profile = (typeof PROFILES)[number];

/** Name and version of the recognisers that the gates use; kept with everything they cleaned. */
export const MESH_RULESET = 'balanced-2';

export interface RulesetOptions {
  /** `mesh` by default. */
  profile?: Profile;
  /** Classes to look for; all of the profile by default. */
  classes?: readonly PiiClass[];
  /** Names in the caller's own profile, for PERSON. At most 64 of 200 characters: else REQUEST_INVALID. */
  names?: readonly string[];
  /** Recognisers of the tenant's own classes. */
  patterns?: readonly Recogniser[];
  /** By default a secret is masked and all else pseudonymised. */
  actionOf?: Ruleset['actionOf'];
  /** `MESH_RULESET` by default. */
  name?: string;
}

const PSEUDONYM: ActionInForce = { action: 'pseudonymise' };
const MASK: ActionInForce = { action: 'mask' };

const TIERS = [0, 1, 2, 3, 4] as const;
const LEVELS: Readonly<Record<Profile, ProseLevel>> = { strict: 0, balanced: 1, broad: 2, mesh: 1 };

export function createRuleset(options: RulesetOptions = {}): Ruleset {
  const profile = options.profile ?? 'mesh';
  const isNarrow = profile === 'mesh' || profile === 'strict';
  const offered = isNarrow ? PII_CLASSES.filter((one) => !CONTEXT_CLASSES.includes(one)) : PII_CLASSES;
  const classes = options.classes ?? offered;
  const { name = MESH_RULESET, patterns = [] } = options;
  const actionOf =
    options.actionOf ?? ((one: DataClass) => (one === 'SECRET' || one === 'UNSCANNED' ? MASK : PSEUDONYM));
  const names = new PersonRecogniser(options.names ?? []);
  const build = (level: ProseLevel): Ruleset => {
    const ours = [
      lookalikeRecogniser,
      secretRecogniser,
      emailRecogniser,
      ibanRecogniser,
      cardRecogniser,
      new UrlRecogniser(!isNarrow),
      new ShapeRecogniser(new Set(classes)),
      phoneRecogniser,
      names,
      new ProseRecogniser(level, new Set(classes)),
    ].filter((one) => isInForce(one, classes));
    return { name, actionOf, classes, ...assemble([...patterns, ...ours]) };
  };
  const ruleset = build(LEVELS[profile]);
  return profile === 'mesh' ? { ...ruleset, fields: build(0) } : ruleset;
}

function isInForce({ class: first, also = [] }: Recogniser, classes: readonly DataClass[]): boolean {
  return first === 'LOOKALIKE' || [first, ...also].some((one) => classes.includes(one));
}

function assemble(inForce: readonly Recogniser[]): Pick<Ruleset, 'tiers' | 'reach'> {
  const tiers = TIERS.map((tier) => inForce.filter((one) => one.tier === tier)).filter((tier) => tier.length > 0);
  const reach = tiers.reduce((sum, tier) => sum + Math.max(...tier.map((one) => one.reach)), 0);
  return { tiers, reach };
}
