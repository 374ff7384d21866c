import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPeer } from '../peers/install.ts';
import type { Prose } from './prose.ts';
import type { Sample } from './labelled.ts';
import { evaluate, type LabelledText } from './span-evaluator.ts';

const LIBRARIES = ['openredaction', 'redact-pii', '@redactpii/node'] as const;
const TIMEOUT_MS = 120_000;
/** Longer on 20 KB is not waited for. */
const HOSTILE_TIMEOUT_MS = 10_000;
const HOSTILE_CHARS = 20_480;
const HOSTILE = ['a', '1', '1 ', 'a.', 'a@a.', '1.1.1.'];
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** What each library finds, and how long the worst of a few inputs takes it. */
export function measurePeers(samples: readonly Sample[], prose: Prose, iou: number): Record<string, string | number>[] {
  const folder = installPeer('redaction');
  const temporary = mkdtempSync(join(tmpdir(), 'signalbox-redaction-'));
  const run = (
    library: string,
    texts: string[],
    timeoutMs: number,
  ): { spans: [string, number, number][][]; ms: number } => {
    const file = join(temporary, 'texts.json');
    writeFileSync(file, JSON.stringify(texts));
    const output = execFileSync(process.execPath, [join(folder, 'find.mjs'), library, file], {
      timeout: timeoutMs,
      maxBuffer: OUTPUT_BYTES_MAX,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return JSON.parse(output) as ReturnType<typeof run>;
  };
  try {
    return LIBRARIES.map((library) => {
      const { spans, ms } = run(
        library,
        samples.map(({ text }) => text),
        TIMEOUT_MS,
      );
      const found: LabelledText[] = samples.map(({ text, gold }, i) => ({
        text,
        gold,
        found: (spans[i] ?? []).map(([type, start, end]) => ({ type, start, end })),
      }));
      const { overall } = evaluate(found, { iou });
      const chars = samples.reduce((sum, { text }) => sum + text.length, 0);
      return {
        library,
        precision: round(overall.precision),
        recall: round(overall.recall),
        F2: round(overall.f2),
        'alarms/10KB': round(
          alarms(() => run(library, prose.text.slice(0, 100_000).split('\n\n'), TIMEOUT_MS).spans.flat().length),
        ),
        'MB/s': round(chars / 1000 / ms),
        'hostile 20 KB ms': worst((text) => run(library, [text], HOSTILE_TIMEOUT_MS).ms),
      };
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const round = (value: number): number => Number(value.toFixed(3));
const alarms = (count: () => number): number => (count() * 10_240) / 100_000;

function worst(measure: (text: string) => number): string | number {
  let longest = 0;
  for (const unit of HOSTILE) {
    try {
      longest = Math.max(longest, measure(unit.repeat(HOSTILE_CHARS / unit.length)));
    } catch {
      return `> ${HOSTILE_TIMEOUT_MS} (${unit})`;
    }
  }
  return Math.round(longest);
}
