import { isAsciiLetter, isWord } from '../fold/chars.js';
import type { Folded } from '../fold/fold.js';
import type { Candidate, Recogniser } from '../recogniser.js';

const URL_CHARS_MAX = 300;
const SCHEME = /(?:https?|ftps?|wss?):\/\/[^\s<>"'`|\0]{3,225}/y;
const WWW = /www\.(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}(?:[/?#][^\s<>"'`|\0]{0,120})?/y;
const HOST =
  /(?:[a-z0-9][a-z0-9-]{0,40}\.){1,4}(?:com|net|org|info|biz|edu|gov|mil|int|eu|us|uk|de|fr|it|es|nl|be|ch|at|dk|se|no|fi|pt|cz|hu|gr|ie|ro|bg|hr|lt|lv|ee|ca|au|nz|br|mx|ar|cl|in|jp|cn|kr|tr|ua|za)(?:\/[^\s<>"'`|\0]{0,100})?/y;
/** Pages that are about one person, and the names in paths that say so. */
const PERSONAL =
  /^(?:https?:\/\/)?(?:[a-z]{2,3}\.|m\.)?(?:(?:linkedin\.com\/(?:in|pub)|snapchat\.com\/add|xing\.com\/profile)\/|(?:facebook|instagram|twitter|x|vk|onlyfans)\.com\/[a-z0-9._-]{3,}$|t\.me\/|(?:tiktok|medium|youtube|threads)\.(?:com|net)\/@)|^https?:\/\/[^/]+\/(?:~|@)[a-z]/;
/** Reference sites, this machine, and names kept for examples (RFC 2606): such a URL names nobody. */
const NOBODYS =
  /^(?:[a-z][a-z0-9+]+:\/\/)?(?:[a-z0-9-]+\.){0,3}(?:github|gitlab|githubusercontent|npmjs|npm|nodejs|mozilla|w3|ietf|rfc-editor|wikipedia|stackoverflow|google|googleapis|microsoft|apache|python|docker|kubernetes|openai|nats|postgresql|typescriptlang|developer|docs|localhost|shields|travis-ci|json-schema|whatwg|ecma-international|unicode|creativecommons|opensource|gnu|iana|example)(?:\.[a-z]{2,4}){0,2}(?=[/:?#]|$)|^[a-z][a-z0-9+]+:\/\/(?:localhost|127\.|0\.0\.0\.0|\[)/;
const TRAILING = /[.,;:!?)\]}*_]+$/;

/** URLs: of persons' pages only, or all of them and bare domains too. */
export class UrlRecogniser implements Recogniser {
  readonly id = 'url';
  readonly class = 'URL';
  readonly tier = 1;
  readonly reach = URL_CHARS_MAX;

  constructor(private readonly all: boolean) {}

  next({ lower }: Folded, from: number, limit: number): Candidate | undefined {
    let at = from;
    while (at < limit && isWord(lower.charCodeAt(at)) && isWord(lower.charCodeAt(at - 1))) at += 1;
    while (at < limit) {
      let end = at;
      while (end < limit && isWord(lower.charCodeAt(end))) end += 1;
      if (end === at) at += 1;
      else {
        const stop = this.stopOf(lower, at, end);
        if (stop !== undefined && stop <= limit) return { start: at, end: stop };
        at = end + 1;
      }
    }
    return undefined;
  }

  /** A URL has no white space. */
  openFrom({ lower }: Folded, end: number): number {
    const floor = Math.max(0, end - URL_CHARS_MAX);
    let start = end;
    while (start > floor && !/\s/.test(lower[start - 1] ?? '')) start -= 1;
    return start;
  }

  private stopOf(lower: string, start: number, end: number): number | undefined {
    const pattern = this.patternAt(lower, start, end);
    if (!pattern) return undefined;
    pattern.lastIndex = start;
    const url = pattern.exec(lower)?.[0].replace(TRAILING, '');
    // Credentials are a secret, to be found as such.
    if (url === undefined || /:\/\/[^/]*:[^/]*@/.test(url)) return undefined;
    if (!this.all) return PERSONAL.test(url.replace(/^(https?:\/\/)?www\./, '$1')) ? start + url.length : undefined;
    if (NOBODYS.test(url)) return undefined;
    const after = lower.charCodeAt(start + url.length);
    return pattern !== SCHEME && (isWord(after) || '@_('.includes(lower[start + url.length] ?? ' '))
      ? undefined
      : start + url.length;
  }

  private patternAt(lower: string, start: number, end: number): RegExp | undefined {
    const mark = lower[end];
    if (mark === ':') return lower[end + 1] === '/' && isAsciiLetter(lower.charCodeAt(start)) ? SCHEME : undefined;
    if (mark !== '.' && mark !== '-') return undefined;
    if (lower.startsWith('www.', start)) return WWW;
    const before = lower[start - 1] ?? ' ';
    return '@._-/\\=&'.includes(before) || !isWord(lower.charCodeAt(end + 1)) ? undefined : HOST;
  }
}
