/** A parameter as InjecAgent lists it. */
export interface Parameter {
  name: string;
  type: string;
  description: string;
  required: boolean;
}

const EMAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/;
const NUMBER = /\d[\d,]*(?:\.\d+)?/g;
const QUOTED = /['‘"“]([^'’"”]{1,200})['’"”]/g;
/** What stands behind a word for a name: `ID 001`, `account number 123-1234`. */
const NAMED = /\b(?:id|ids|number|account|code|channel|titled|folder)\b[ :]*\(?['#]?([\w~/.-]*\d[\w~/-]*)/gi;
const HASHED = /(#[A-Za-z][\w-]{1,63})/g;
const WORD = /[A-Za-z][\w#-]{3,}/g;

/**
 * Arguments for a tool out of an instruction in words, as a model would read them: each parameter that must be there
 * takes what its type and name ask for. The same instruction gives the same arguments.
 */
export function argumentsFrom(instruction: string, parameters: readonly Parameter[]): Record<string, unknown> {
  const names = distinct([
    ...matches(instruction, NAMED),
    ...matches(instruction, HASHED),
    ...matches(instruction, QUOTED),
  ]);
  const numbers = (instruction.match(NUMBER) ?? []).map((text) => Number(text.replaceAll(',', '')));
  const words = distinct(instruction.match(WORD) ?? []);
  const mail = EMAIL.exec(instruction)?.[0];
  const texts = [...names, ...words.toReversed(), instruction].values();
  const valueFor = ({ name, type }: Parameter): unknown => {
    if (mail !== undefined && /mail|^to$|recipient/i.test(name)) return mail;
    if (type === 'number' || type === 'integer') return numbers[0] ?? 1;
    if (type === 'boolean') return true;
    if (type === 'array') return names.length > 0 ? names : words.slice(-1);
    if (type === 'object') return { note: instruction };
    return texts.next().value ?? instruction;
  };
  return Object.fromEntries(parameters.filter(({ required }) => required).map((one) => [one.name, valueFor(one)]));
}

const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found ?? '');
const distinct = (texts: string[]): string[] => [...new Set(texts.filter((text) => text !== ''))];
