/** A pattern that can be told apart while its end is still missing. */
export interface StreamPattern {
  /** Global. */
  whole: RegExp;
  /** Matches what may still become a match, from its first character to the end of the text. */
  unfinished: RegExp;
  charsMax: number;
}

/** Replaces matches in text that arrives in pieces; holds back only an unfinished one, at most `charsMax` characters. */
export class PatternStream {
  private held = '';

  constructor(
    private readonly pattern: StreamPattern,
    private readonly replace: (match: string) => string,
  ) {}

  push(chunk: string): string {
    const text = this.held + chunk;
    const cut = this.openFrom(text);
    this.held = text.slice(cut);
    return text.slice(0, cut).replace(this.pattern.whole, this.replace);
  }

  end(): string {
    const rest = this.held;
    this.held = '';
    return rest.replace(this.pattern.whole, this.replace);
  }

  private openFrom(text: string): number {
    let start = text.indexOf('[', Math.max(0, text.length - this.pattern.charsMax));
    while (start >= 0) {
      if (this.pattern.unfinished.test(text.slice(start))) return start;
      start = text.indexOf('[', start + 1);
    }
    return text.length;
  }
}
