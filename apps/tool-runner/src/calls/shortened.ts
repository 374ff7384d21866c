/** What an error may say, characters; the bound of the contract. */
export const MESSAGE_CHARS_MAX = 2_000;
const HEAD_CHARS = 300;
const CUT = ' […] ';

/** The beginning and the end of a message that is too long: of a program's own errors, the end is what tells. */
export function shortened(text: string): string {
  if (text.length <= MESSAGE_CHARS_MAX) return text;
  return `${text.slice(0, HEAD_CHARS)}${CUT}${text.slice(HEAD_CHARS + CUT.length - MESSAGE_CHARS_MAX)}`;
}

/** Undefined for what is no JSON. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
