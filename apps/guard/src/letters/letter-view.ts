import { MeshError, parseJson } from '@signalbox/kernel';
import { createRuleset, safeView } from '@signalbox/privacy';

/** Who asked, and what is known of the person: nothing to look at. */
const WITHHELD = new Set(['keyDigest', 'profile']);
const NAMES_MAX = 16;

/** A raw request for an operator's eyes: no names, no values, no long texts. Null for what is no JSON object. */
export function letterView(data: Uint8Array): unknown {
  try {
    const body = parseJson(data);
    if (body === null || typeof body !== 'object' || Array.isArray(body)) return null;
    const shown = Object.fromEntries(Object.entries(body).filter(([name]) => !WITHHELD.has(name)));
    return safeView(shown, createRuleset({ names: namesIn(body) }));
  } catch (error) {
    const { kind } = MeshError.from(error);
    if (kind === 'bug') throw error;
    return null;
  }
}

/** The person's own names, so that they are found in the rest; the letter may well be dead for what is wrong here. */
function namesIn(body: object): string[] {
  const { profile } = body as { profile?: { names?: unknown } | null };
  const names = profile?.names;
  if (!Array.isArray(names)) return [];
  return names.filter((name): name is string => typeof name === 'string' && name.length <= 128).slice(0, NAMES_MAX);
}
