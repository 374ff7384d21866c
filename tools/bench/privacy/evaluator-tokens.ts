/** A word, number, mark or stretch of white space, `[start, end)`. */
export interface Token {
  text: string;
  start: number;
  end: number;
}

const PIECE = /\s+|\S+/g;
const WHOLE = /^(?:https?:\/\/\S+|www\.\S+|[^\s@]+@[^\s@]+\.\p{L}{2,})$/iu;
const ABBREVIATION =
  /^(?:mr|mrs|ms|dr|st|jr|sr|prof|inc|ltd|co|corp|gen|gov|sen|rep|vs|no|ave|mt|bros|e\.g|i\.e|a\.m|p\.m|u\.s|p\.o|\p{L})\.$/iu;
const PREFIX = /^[([{<"'`\u201c\u2018\u00ab,.;:!?#$\u20ac\u00a3*&\u2026-]/u;
const SUFFIX = /(?:'s|\u2019s|n't|'(?:re|ll|ve|d|m)|[)\]}>"'`\u201d\u2019\u00bb,;:!?*&%\u2026-]|\.+)$/iu;
/** Hyphens, slashes and colons between letters part words; so do commas. */
const INFIX = /(?<=[\p{L}\p{N}])(?:-+|[/:,&=<>~])(?=\p{L})|(?<=\p{Ll})\.(?=\p{Lu})/u;

/**
 * Stands for spaCy's English tokeniser, which the evaluator uses: prefixes, suffixes and infixes are split off in the
 * same order. Spans are counted, not tokens, so that small differences cost nothing.
 */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  for (const { 0: piece, index } of text.matchAll(PIECE)) {
    if (/^\s/.test(piece)) {
      if (piece !== ' ') tokens.push({ text: piece, start: index, end: index + piece.length });
      continue;
    }
    let from = 0;
    let to = piece.length;
    const tail: Token[] = [];
    const add = (list: Token[], start: number, end: number): void => {
      list.push({ text: piece.slice(start, end), start: index + start, end: index + end });
    };
    while (from < to) {
      const rest = piece.slice(from, to);
      if (WHOLE.test(rest) || ABBREVIATION.test(rest)) break;
      const suffix = SUFFIX.exec(rest)?.[0];
      if (PREFIX.test(rest)) {
        add(tokens, from, from + 1);
        from += 1;
      } else if (suffix !== undefined && suffix.length < rest.length) {
        add(tail, to - suffix.length, to);
        to -= suffix.length;
      } else break;
    }
    splitInfixes(piece.slice(from, to), index + from, tokens);
    tokens.push(...tail.toReversed());
  }
  return tokens;
}

function splitInfixes(text: string, offset: number, tokens: Token[]): void {
  let at = 0;
  while (at < text.length) {
    const found = WHOLE.test(text) ? null : INFIX.exec(text.slice(at));
    const end = found && found.index > 0 ? at + found.index : text.length;
    tokens.push({ text: text.slice(at, end), start: offset + at, end: offset + end });
    if (!found || end === text.length) return;
    tokens.push({ text: found[0], start: offset + end, end: offset + end + found[0].length });
    at = end + found[0].length;
  }
}

const STOP_WORDS = `a about above across after afterwards again against all almost alone along already also although
always am among amongst amount an and another any anyhow anyone anything anyway anywhere are around as at back be became
because become becomes becoming been before beforehand behind being below beside besides between beyond both bottom but by
call can cannot ca could did do does doing done down due during each eight either eleven else elsewhere empty enough even
ever every everyone everything everywhere except few fifteen fifty first five for former formerly forty four from front
full further get give go had has have he hence her here hereafter hereby herein hereupon hers herself him himself his how
however hundred i if in indeed into is it its itself just keep last latter latterly least less made make many may me
meanwhile might mine more moreover most mostly move much must my myself name namely neither never nevertheless next nine
no nobody none noone nor not nothing now nowhere of off often on once one only onto or other others otherwise our ours
ourselves out over own part per perhaps please put quite rather re really regarding same say see seem seemed seeming seems
serious several she should show side since six sixty so some somehow someone something sometime sometimes somewhere still
such take ten than that the their them themselves then thence there thereafter thereby therefore therein thereupon these
they third this those though three through throughout thru thus to together too top toward towards twelve twenty two under
unless until up upon us used using various very via was we well were what whatever when whence whenever where whereafter
whereas whereby wherein whereupon wherever whether which while whither who whoever whole whom whose why will with within
without would yet you your yours yourself yourselves 'd 'll 'm 're 's 've n't`;
/** From skipwords.py: what an entity may be said with or without. */
const MORE = `>> >>> >>>> >>>>> >>>>>> street st. st de rue via day address country state city zip po apt unit corner p.o.
box suite mr. mrs. miss year years y/o month months old morning noon afternoon night evening week weeks weekend days age
ago inc inc. ltd`;
const SKIPPED = new Set(`${STOP_WORDS} ${MORE}`.split(/\s+/));
const MARK = /^[!-/:-@[-`{-~]$/;

/** Words that do not count: stop words, marks, white space and what an entity may be said with or without. */
export function isSkipped(text: string): boolean {
  return MARK.test(text) || text.trim() === '' || SKIPPED.has(text.toLowerCase().replaceAll('\u2019', "'"));
}
