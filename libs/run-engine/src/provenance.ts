import type { CallLabels, ToolManifest } from '@signalbox/contracts';
import { pointsWithin, leavesOf } from '@signalbox/kernel';
import { openingLabel } from './labels.js';
import { type Call, callsOf, type RunState } from './state.js';

/** Values of one call that are looked for in what the user said. */
const LEAVES_MAX = 64;
/** Trusted text that they are looked for in, characters. */
const TEXT_CHARS_MAX = 262_144;
/** Shorter addresses stand somewhere by chance. */
const ADDRESS_CHARS_MIN = 3;

const OPENS = /[\s"'`([{<,;:=#@$€£]/u;
const CLOSES = /[\s"'`)\]}>,;:%€£]/u;
const STOPS = /[.!?]/u;
/** What a text uses to say that the word after it is a name. */
const MARKS = /[@#"'`]/u;
const LETTERS = /^\p{L}+$/u;
/** Texts that may be plain, characters: what is looked for in them takes the square of their length at worst. */
const PLAIN_CHARS_MAX = 4_096;
/** Links, addresses and numbers that somebody could be led or paid to by. */
const POINTERS = new RegExp(
  [
    String.raw`\[\[[A-Z0-9_]{1,32}:[a-z2-7]{20}\]\]`,
    String.raw`[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'<>]+`,
    String.raw`[^\s"'<>()[\]@]{1,64}@[^\s"'<>()[\]]{1,255}`,
    String.raw`[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,8}\.\p{L}{2,63}(?:\/[^\s"'<>]*)?`,
    String.raw`[@#][\p{L}\p{N}_.-]{1,64}`,
    String.raw`\+?\d[\d\s().-]{3,40}\d`,
    String.raw`[A-Z]{2}\d{2}[A-Z0-9]{6,30}`,
  ].join('|'),
  'giu',
);

/**
 * Which values of a call stand word for word in what is trusted: the caller's own words and the agent's instructions.
 * Null where its tool does not go by that, or there are too many.
 */
export function provenanceOf(
  state: RunState,
  call: Call,
  args: Record<string, unknown>,
): Pick<CallLabels, 'literal' | 'plain'> | null {
  const tool = state.plan?.tools.find(({ name }) => name === call.tool);
  if (tool?.provenance !== true) return null;
  const found = leavesOf(args, LEAVES_MAX);
  if (found.length > LEAVES_MAX) return null;
  // Texts and numbers, as they would be written.
  const leaves = found.flatMap(([pointer, leaf]): [string, string][] =>
    typeof leaf === 'boolean' ? [] : [[pointer, String(leaf)]],
  );
  const texts = trustedTexts(state);
  const stands = ([pointer, value]: [string, string]): boolean => {
    const isTarget = isAddress(tool, pointer);
    const mentions = texts.reduce((sum, text) => sum + mentionsIn(text, value, isTarget ? isNamed : undefined), 0);
    return mentions > 0 && (!isTarget || isUnused(state, call, value, mentions));
  };
  const literal = leaves.filter(stands).map(([pointer]) => pointer);
  const isPlain = ([, value]: [string, string]): boolean =>
    value.length <= PLAIN_CHARS_MAX &&
    (value.match(POINTERS) ?? []).every((found) => texts.some((text) => mentionsIn(text, tidy(found)) > 0));
  return { literal, plain: leaves.filter(isPlain).map(([pointer]) => pointer) };
}

/** Below another run the words are those of a model; what the caller does not stand for is not asked for. */
function trustedTexts(state: RunState): string[] {
  const accepted = state.accepted!;
  const isOwn = accepted.parent === undefined || openingLabel(state).integrity === 'trusted';
  const said = accepted.input.filter(({ role, untrusted }) => untrusted !== true && role !== 'assistant');
  const texts = [state.plan?.agent.instructions ?? '', ...(isOwn ? said.map(({ content }) => content) : [])];
  return texts.map((text) => text.slice(0, TEXT_CHARS_MAX));
}

/** How often a value stands in a text as a whole: not as part of a longer word, name, address or number. */
export function mentionsIn(text: string, value: string, counts: typeof isNamed = () => true): number {
  if (value === '') return 0;
  let count = 0;
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length))
    if (begins(text, at) && ends(text, at + value.length) && counts(text, at, value)) count += 1;
  return count;
}

/** An ordinary word stands there by chance: it names nothing unless marked as a name, or capital within a sentence. */
export function isNamed(text: string, at: number, value: string): boolean {
  if (!LETTERS.test(value) || MARKS.test(text[at - 1] ?? '')) return true;
  const before = text.slice(0, at).trimEnd().at(-1);
  return /^\p{Lu}/u.test(value) && before !== undefined && !STOPS.test(before) && before !== ':';
}

function begins(text: string, at: number): boolean {
  const before = text[at - 1];
  if (before === undefined) return true;
  // `@bob` and `#general` name; `x@bob` and `page#general` do not.
  return OPENS.test(before) && (!'@#'.includes(before) || begins(text, at - 1));
}

function ends(text: string, at: number): boolean {
  const after = text[at];
  if (after === undefined || CLOSES.test(after)) return true;
  return STOPS.test(after) && (text[at + 1] === undefined || CLOSES.test(text[at + 1]!));
}

const tidy = (found: string): string => found.replace(/[.,;:!?]+$/u, '');

/** An address is named for so many calls as it is mentioned. Earlier calls count, those that were refused before do not. */
function isUnused(state: RunState, call: Call, value: string, mentions: number): boolean {
  if (value.length < ADDRESS_CHARS_MIN) return false;
  let used = 0;
  for (const step of state.steps)
    for (const other of callsOf(state, step)) {
      if (other.callId === call.callId) return used < mentions;
      const counts = step.step === call.step || other.status !== 'refused';
      if (
        counts &&
        other.tool === call.tool &&
        (other.asked ?? other.arguments).includes(JSON.stringify(value).slice(1, -1))
      )
        used += 1;
    }
  return used < mentions;
}

const isAddress = ({ roles = [] }: ToolManifest, pointer: string): boolean =>
  roles.some(({ role, pointer: of }) => role === 'address' && pointsWithin(pointer, of));
