import type { ArgumentType, RecordType } from './argument-type.js';
import { parseDecimal } from './extensions.js';
import { absent, CedarRecord, CedarSet, type CedarValue, EvaluationError } from './value.js';

/**
 * A JSON value as Cedar has it. Throws EvaluationError for what is not of the type, or does not fit (a number of more than
 * four places, a whole one beyond 2^53): the policy that looks at it fails.
 */
export function argumentValue(type: ArgumentType, json: unknown): CedarValue {
  switch (type.kind) {
    case 'String':
      return typeof json === 'string' ? json : unfit('a text');
    case 'Boolean':
      return typeof json === 'boolean' ? json : unfit('true or false');
    case 'Long':
      return Number.isSafeInteger(json) ? (json as number) : unfit('a whole number below 2^53');
    case 'decimal':
      return typeof json === 'number' ? parseDecimal(decimalText(json)) : unfit('a number');
    case 'Set':
      return Array.isArray(json)
        ? new CedarSet(json.map((item) => argumentValue(type.element, item)))
        : unfit('a list');
    case 'Record':
      return json !== null && typeof json === 'object' && !Array.isArray(json)
        ? new ArgumentsRecord(type, json as Record<string, unknown>)
        : unfit('an object');
  }
}

/** Arguments that become values of Cedar as policies ask for them. One that is absent or null is not there. */
class ArgumentsRecord extends CedarRecord {
  readonly #made = new Map<string, CedarValue>();

  constructor(
    private readonly type: RecordType,
    private readonly json: Record<string, unknown>,
  ) {
    super();
  }

  override has(name: string): boolean {
    return this.type.attributes.has(name) && Object.hasOwn(this.json, name) && this.json[name] !== null;
  }

  override get(name: string): CedarValue {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const type = this.type.attributes.get(name)?.type;
    if (type === undefined || !this.has(name)) return absent(name);
    const value = argumentValue(type, this.json[name]);
    this.#made.set(name, value);
    return value;
  }

  override names(): Iterable<string> {
    return [...this.type.attributes.keys()].filter((name) => this.has(name));
  }
}

const decimalText = (number: number): string => (Number.isInteger(number) ? `${number}.0` : String(number));

function unfit(wanted: string): never {
  throw new EvaluationError(`An argument is not ${wanted}.`);
}
