import { PII_CLASSES, type RedactionGate, type RedactionPattern, type RedactionRule } from '@signalbox/contracts';
import { canonicalJson, MeshError, sha256Hex } from '@signalbox/kernel';
import { PatternRecogniser } from '../patterns/pattern-recogniser.js';
import { type KnownValue, KnownValues } from '../recognisers/known-values.js';
import { createRuleset, MESH_RULESET, type Ruleset } from '../ruleset.js';
import { actionsAt, defaultActionOf, mayTreat } from './actions.js';

/** What a tenant says of its redaction; nothing is the default of everything. */
export interface RedactionDefinitions {
  readonly rules: readonly RedactionRule[];
  readonly patterns: readonly RedactionPattern[];
}

/** Values known before a text is read. */
export interface Known {
  /** What a tool was given. */
  readonly revealed?: readonly KnownValue[];
  /** What a model found in the same text. */
  readonly modelled?: readonly KnownValue[];
}

interface Compiled {
  name: string;
  patterns: readonly PatternRecogniser[];
  /** By gate, made at first use. */
  rulesets: Map<RedactionGate, Ruleset>;
}

/** Definitions kept compiled; the oldest is compiled again. */
const COMPILED_MAX = 256;
const NAME_HASH_CHARS = 12;

/** The rulesets of tenants by gate. One for a process: compiling costs milliseconds, and most tenants share the default. */
export class TenantRulesets {
  readonly #known = new WeakMap<RedactionDefinitions, Compiled>();
  readonly #byName = new Map<string, Compiled>();

  /**
   * What is in force at a gate. `names` are those of the caller's own profile.
   * REQUEST_INVALID for too many names, BUNDLE_INVALID where a definition could never have been put.
   */
  forGate(
    definitions: RedactionDefinitions,
    gate: RedactionGate,
    names: readonly string[] = [],
    { revealed = [], modelled = [] }: Known = {},
  ): Ruleset {
    const compiled = this.#compiled(definitions);
    const isCommon = names.length + revealed.length + modelled.length === 0;
    const known = isCommon ? compiled.rulesets.get(gate) : undefined;
    if (known) return known;
    const ruleset = rulesetOf(compiled, definitions, gate, { names, revealed, modelled });
    if (isCommon) compiled.rulesets.set(gate, ruleset);
    return ruleset;
  }

  #compiled(definitions: RedactionDefinitions): Compiled {
    const known = this.#known.get(definitions);
    if (known) return known;
    const name = nameOf(definitions);
    // Most changes of a bundle are of something else.
    const compiled = this.#byName.get(name) ?? { name, patterns: compiledPatterns(definitions), rulesets: new Map() };
    this.#known.set(definitions, compiled);
    this.#byName.delete(name);
    this.#byName.set(name, compiled);
    const [oldest] = this.#byName.keys();
    if (this.#byName.size > COMPILED_MAX && oldest !== undefined) this.#byName.delete(oldest);
    return compiled;
  }
}

/** Ours, and a hash over all that the tenant adds: the same rules have the same name at every gate. */
export function nameOf({ rules, patterns }: RedactionDefinitions): string {
  if (rules.length === 0 && patterns.length === 0) return MESH_RULESET;
  return `${MESH_RULESET}-${sha256Hex(canonicalJson({ rules, patterns })).slice(0, NAME_HASH_CHARS)}`;
}

function compiledPatterns({ rules, patterns }: RedactionDefinitions): PatternRecogniser[] {
  const weak = rules.find((rule) => !mayTreat(rule.class, rule.action));
  if (weak) throw new MeshError('BUNDLE_INVALID', `The redaction rule ${weak.id} would let a secret through.`);
  return patterns.map((pattern) => new PatternRecogniser(pattern));
}

function rulesetOf(
  { name, patterns }: Compiled,
  { rules }: RedactionDefinitions,
  gate: RedactionGate,
  { names, revealed, modelled }: Required<Known> & { names: readonly string[] },
): Ruleset {
  const actions = actionsAt(gate, rules);
  const actionOf: Ruleset['actionOf'] = (one) => actions.get(one) ?? { action: defaultActionOf(one, gate) };
  // What is let through is not looked for; of a tenant's own it stays what it is, and is taken for nothing else.
  const classes = PII_CLASSES.filter((one) => actionOf(one).action !== 'allow');
  const found = modelled.filter((one) => actionOf(one.class).action !== 'allow');
  const known = [
    ...(revealed.length === 0 ? [] : [new KnownValues(revealed)]),
    ...(found.length === 0 ? [] : [new KnownValues(found, 'model')]),
  ];
  return createRuleset({ name, classes, names, patterns: [...known, ...patterns], actionOf });
}
