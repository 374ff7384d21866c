/** The same summary as the Python program makes, in JavaScript that runs as a module or a script. */
export function javascriptCode(file: string, words: readonly string[]): string {
  return `const { readFileSync } = process.getBuiltinModule('node:fs');
const words = ${JSON.stringify(words)};
const cells = (line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].slice(0, -1)
  .map((match) => match[1].startsWith('"') ? match[1].slice(1, -1).replaceAll('""', '"') : match[1]);
const lines = readFileSync(${JSON.stringify(`/data/${file}`)}, 'utf8').replace(/^\\uFEFF/, '').split(/\\r?\\n/).filter(Boolean);
const columns = cells((lines[0] ?? '') + ',');
const rows = lines.slice(1).map((line) => {
  const values = cells(line + ',');
  return Object.fromEntries(columns.map((column, n) => [column, values[n] ?? '']));
});
const numeric = Object.fromEntries(columns
  .map((column) => [column, rows.map((row) => row[column].trim() === '' ? NaN : Number(row[column]))])
  .filter(([, values]) => values.length > 0 && values.every(Number.isFinite)));
const nearness = (column) => column.toLowerCase().split(/[_\\s-]+/)
  .reduce((sum, part) => sum + words.filter((word) => word.slice(0, 5) === part.slice(0, 5)).length, 0);
const summary = { file: ${JSON.stringify(file)}, columns, rows: rows.length, numeric: {} };
for (const [column, values] of Object.entries(numeric)) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  summary.numeric[column] = { min: Math.min(...values), max: Math.max(...values), mean: Math.round(mean * 1e4) / 1e4 };
}
const best = Object.keys(numeric).reverse().sort((a, b) => nearness(b) - nearness(a))[0];
if (best !== undefined) {
  const values = numeric[best];
  summary.best = {
    column: best,
    largest: rows[values.indexOf(Math.max(...values))],
    smallest: rows[values.indexOf(Math.min(...values))],
  };
}
console.log(JSON.stringify(summary));
`;
}
