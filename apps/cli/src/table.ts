/** Rows as text with aligned columns; figures to the right. */
export function table(header: string[], rows: (string | number)[][]): string {
  const cells = [header, ...rows.map((row) => row.map(String))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const right = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const line = (row: string[]): string =>
    row
      .map((cell, column) => (right[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return cells.map(line).join('\n');
}

/** Nano-dollars as dollars, exact to the micro-dollar. */
export function dollars(nanoUsd: number): string {
  return `$${(nanoUsd / 1e9).toFixed(6)}`;
}

export function timeOf(millis: number | null): string {
  return millis === null ? '–' : new Date(millis).toISOString().replace('T', ' ').slice(0, 19);
}

/** How long after the start something was, both in ms since 1970; empty where it is not known. */
export function sinceStart(at: number | null, start: number): string {
  return at === null ? '' : `+${((at - start) / 1_000).toFixed(3)} s`;
}

/** A text as part of a line, cut to so many characters; it cannot steer the terminal. */
export function oneLine(text: string, charsMax = Infinity): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > charsMax ? `${line.slice(0, charsMax)}…` : line;
}
