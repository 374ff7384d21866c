import { EncodedStream, RedactingStream, redactJson, type Ruleset } from '@signalbox/privacy';
import { BenchMesh } from '../concurrency/mesh.ts';
import { AGENT, type Plan } from '../concurrency/plan.ts';
import { makeCorpus } from './made-corpus.ts';
import { cpuMs } from './timing.ts';

const ROUNDS = 5;
const CHUNK_CHARS = 16;
const WARM_MS = 2_000;
const MEASURE_MS = 6_000;
const CALLERS = 16;
const LATENCY = { providerMs: 20, toolMs: 5 };
const SHARES = ['guard', 'inference', 'tool-runner'] as const;

/** Microseconds of processor time for a KB of text, as each gate reads it: mail and notes full of personal data. */
export interface GateCost {
  /** A question, as one text. */
  guardUsPerKb: number;
  /** An answer, in pieces of 16 characters. */
  inferenceUsPerKb: number;
  /** A result, as JSON. */
  toolUsPerKb: number;
}

export function gateCost(ruleset: Ruleset): GateCost {
  const options = { ruleset, tenantKey: Buffer.alloc(32) };
  const texts = makeCorpus().map(({ text }) => text);
  const letters = Array.from({ length: Math.floor(texts.length / 8) }, (_, n) =>
    texts.slice(n * 8, n * 8 + 8).join('\n\n'),
  );
  const results = letters.map((text, n) => ({ id: n, rows: text.split('\n').map((note) => ({ note, read: false })) }));
  const streamed = (text: string): void => {
    const read = (run: string): string => String(redactJson(run, options).value);
    const opening = new EncodedStream({ text: read, binary: read });
    const stream = new RedactingStream(options);
    for (let at = 0; at < text.length; at += CHUNK_CHARS) stream.push(opening.push(text.slice(at, at + CHUNK_CHARS)));
    stream.push(opening.end());
    stream.end();
  };
  return {
    guardUsPerKb: usPerKb(letters, (text) => void redactJson(text, options)),
    inferenceUsPerKb: usPerKb(letters, streamed),
    toolUsPerKb: usPerKb(results, (result) => void redactJson(JSON.stringify(result), options)),
  };
}

function usPerKb<T>(items: readonly T[], work: (item: T) => void): number {
  const chars = items.reduce(
    (sum, item) => sum + (typeof item === 'string' ? item.length : JSON.stringify(item).length),
    0,
  );
  const all = (): void => items.forEach(work);
  all();
  const best = Math.min(...Array.from({ length: ROUNDS }, () => cpuMs(all)));
  return Math.round((best * 1_000) / (chars / 1_000));
}

/** Shares of the processor time of an ordinary request with a tool call, all of the mesh together being 1. */
export async function shares(
  say: (line: string) => void,
): Promise<{ cpuMsPerRun: number; share: Record<string, number> }> {
  const mesh = await BenchMesh.start(say, { inspect: [], root: undefined });
  try {
    const closed = (ms: number): Plan => ({
      agent: AGENT,
      httpShare: 0.5,
      settleMs: 30_000,
      kind: 'closed',
      callers: CALLERS,
      ms,
    });
    await mesh.play(closed(WARM_MS), LATENCY);
    const { cpuMs: parts, report } = await mesh.play(closed(MEASURE_MS), LATENCY);
    const whole = Object.values(parts).reduce((sum, ms) => sum + ms, 0);
    return {
      cpuMsPerRun: Number((whole / Math.max(1, report.records.length)).toFixed(2)),
      share: Object.fromEntries(SHARES.map((name) => [name, Number(((parts[name] ?? 0) / whole).toFixed(3))])),
    };
  } finally {
    await mesh.stop();
  }
}
