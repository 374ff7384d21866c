import { isWord } from '../fold/chars.js';
import type { Folded } from '../fold/fold.js';
import type { Candidate, Recogniser } from '../recogniser.js';

/** RFC 5321: 64 octets before the @, 253 after it. Of a longer local part the last 64 characters are taken. */
const LOCAL_CHARS_MAX = 64;
const DOMAIN_CHARS_MAX = 253;
const REACH = LOCAL_CHARS_MAX + DOMAIN_CHARS_MAX + 3;

const AT = 0x40;
const LOCAL_MARKS = new Set([...".-_+%'"].map((mark) => mark.charCodeAt(0)));
/** A host with a top level domain of letters, or an address literal. */
const DOMAIN =
  /^(?:(?:[\p{L}\p{N}][\p{L}\p{N}-]{0,62}\.){1,8}(?:xn--[a-z0-9-]{1,59}|\p{L}{2,24})|\[[0-9a-f:.]{2,45}\])/u;
const LOCAL_HOST = /^[\p{L}\p{N}][\p{L}\p{N}-]{1,62}/u;
const CUE = /mail\W{0,4}(?:address|adresse)?\W{0,4}$/;

const isLocal = (unit: number): boolean => isWord(unit) || LOCAL_MARKS.has(unit);

/** E-mail addresses, found from their @; next to the cue "mail" a host without a dot counts too. */
export const emailRecogniser: Recogniser = {
  id: 'email',
  class: 'EMAIL',
  tier: 1,
  reach: REACH,
  next(text, from, limit) {
    for (let at = from; at < limit; at += 1) {
      const found = text.lower.charCodeAt(at) === AT ? around(text, at, from, limit) : undefined;
      if (found) return found;
    }
    return undefined;
  },
  openFrom({ lower }, end) {
    const floor = Math.max(0, end - REACH);
    let start = end;
    let hasAt = false;
    while (start > floor) {
      const unit = lower.charCodeAt(start - 1);
      if (unit === AT) hasAt = true;
      // An address literal may be under way.
      else if (!isLocal(unit) && unit !== 0x5b && unit !== 0x3a) break;
      start -= 1;
    }
    return hasAt ? start : Math.max(start, end - LOCAL_CHARS_MAX);
  },
};

function around({ lower }: Folded, at: number, from: number, limit: number): Candidate | undefined {
  let start = at;
  while (start > from && at - start < LOCAL_CHARS_MAX && isLocal(lower.charCodeAt(start - 1))) start -= 1;
  while (start < at && !isWord(lower.charCodeAt(start)) && !'+_'.includes(lower[start] ?? ' ')) start += 1;
  if (start === at) return undefined;
  const rest = lower.slice(at + 1, Math.min(limit, at + 1 + DOMAIN_CHARS_MAX));
  const domain =
    DOMAIN.exec(rest)?.[0] ??
    (CUE.test(lower.slice(Math.max(0, start - 24), start)) ? LOCAL_HOST.exec(rest)?.[0] : undefined);
  if (domain === undefined) return undefined;
  // Digits that touch the address could be a number of somebody's, and nobody else would take them from here.
  const touching = /^\d{7,40}/.exec(rest.slice(domain.length))?.[0].length ?? 0;
  const end = at + 1 + domain.length + touching;
  // `git@host:path` names a repository, nobody's mailbox.
  if (lower[end] === ':' && lower.slice(start, at) === 'git') return undefined;
  return { start, end };
}
