/** Matches a whole text. A pattern is made of literals and wildcards for any run of characters, also an empty one. */
export function compilePattern(parts: readonly (string | null)[]): (text: string) => boolean {
  const literals: string[] = [''];
  for (const part of parts) {
    if (part === null) literals.push('');
    else literals[literals.length - 1] += part;
  }
  const [first = '', ...rest] = literals;
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  const middle = rest.filter((literal) => literal !== '');
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    // Taking each literal as early as it comes leaves the most room for those after it.
    let at = first.length;
    for (const literal of middle) {
      const found = text.indexOf(literal, at);
      if (found < 0) return false;
      at = found + literal.length;
    }
    return at <= end;
  };
}
