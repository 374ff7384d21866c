/**
 * A Python program (standard library only) that reads /data/<file> and prints one line of JSON:
 * columns, rows, numeric ranges, and the rows with the largest and smallest value of the column
 * whose name is nearest to the words of the question.
 */
export function pythonCode(file: string, words: readonly string[]): string {
  return `import csv, json, statistics

words = ${JSON.stringify(words)}
with open(${JSON.stringify(`/data/${file}`)}, newline="", encoding="utf-8-sig") as handle:
    rows = list(csv.DictReader(handle))

def number(text):
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if value == value and abs(value) != float("inf") else None

def nearness(column):
    parts = column.lower().replace("_", " ").replace("-", " ").split()
    return sum(1 for part in parts for word in words if part[:5] == word[:5])

columns = list(rows[0]) if rows else []
numeric = {}
for column in columns:
    values = [number(row[column]) for row in rows]
    if all(value is not None for value in values):
        numeric[column] = values

summary = {"file": ${JSON.stringify(file)}, "columns": columns, "rows": len(rows), "numeric": {}}
for column, values in numeric.items():
    summary["numeric"][column] = {
        "min": min(values), "max": max(values), "mean": round(statistics.fmean(values), 4),
    }
if numeric:
    best = max(reversed(list(numeric)), key=nearness)
    values = numeric[best]
    summary["best"] = {
        "column": best,
        "largest": rows[values.index(max(values))],
        "smallest": rows[values.index(min(values))],
    }
print(json.dumps(summary))
`;
}
