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
const NAMED = /\b(?:id|ids|number|account|code|channel|titled|folder)\b[ :]*\(?['#]?([\w~/.-]*\d[\w~/.-]*)/gi;

/**
 * Arguments for a tool out of an instruction in words, as a model would read them: each parameter that must be there
 * takes what its type and name ask for. The same instruction gives the same arguments.
 */
export function argumentsFrom(instruction: string, parameters: readonly Parameter[]): Record<string, unknown> {
  const names = distinct([...matches(instruction, NAMED), ...matches(instruction, QUOTED)]);
  const numbers = (instruction.match(NUMBER) ?? []).map((text) => Number(text.replaceAll(',', '')));
  let nextName = 0;
  const given: [string, unknown][] = [];
  for (const { name, type, required } of parameters) {
    const mail = EMAIL.exec(instruction)?.[0];
    if (!required) continue;
    if (mail !== undefined && /mail|^to$|recipient/i.test(name)) given.push([name, mail]);
    else if (type === 'number' || type === 'integer') given.push([name, numbers[0] ?? 1]);
    else if (type === 'boolean') given.push([name, true]);
    else if (type === 'array') given.push([name, names.length > 0 ? names : [instruction]]);
    else if (type === 'object') given.push([name, { note: instruction }]);
    else given.push([name, names[nextName++] ?? instruction]);
  }
  return Object.fromEntries(given);
}

const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found]) => found ?? '');
const distinct = (texts: string[]): string[] => [...new Set(texts.filter((text) => text !== ''))];
