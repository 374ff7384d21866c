/**
 * What the recognisers find and miss, and what they raise in vain: precision and recall per class on labelled texts
 * nobody here wrote, alarms on prose and machine text without personal data, speed of a whole text and of a stream.
 * The labelled texts are read from `SIGNALBOX_DATA` or `../shared/data`; without them only the rest is measured.
 * `--misses` prints each value missed and each false one.
 */
import { Console } from 'node:console';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createRuleset, detect, redactText, RedactingStream, type Span } from '@signalbox/privacy';

const ROOT = resolve(import.meta.dirname, '..', '..');
const DATA = process.env['SIGNALBOX_DATA'] ?? join(ROOT, '..', 'shared', 'data');
const LABELLED = join(DATA, 'privacy', 'presidio_synth_dataset_v2.json');
/** Found means that as much of the label and of the span lie on each other. */
const OVERLAP_MIN = 0.5;
const PROSE_CHARS_MAX = 2_000_000;
const STREAM_CHUNK_CHARS = 4;
const TARGETS = [
  { label: 'EMAIL_ADDRESS', ours: 'EMAIL', recallMin: 0.98, precisionMin: 0.98 },
  { label: 'CREDIT_CARD', ours: 'CARD', recallMin: 0.98, precisionMin: 0.98 },
  { label: 'IBAN_CODE', ours: 'IBAN', recallMin: 0.98, precisionMin: 0.98 },
  { label: 'PHONE_NUMBER', ours: 'PHONE', recallMin: 0.9, precisionMin: 0.9 },
] as const;
const ALARMS_PER_10KB_MAX = 0.1;

interface Label {
  entity_type: string;
  entity_value: string;
  start_position: number;
  end_position: number;
}
interface Target {
  name: string;
  value: number;
  bound: string;
  ok: boolean;
}
type Row = Record<string, string | number>;

const ruleset = createRuleset();
const report = new Console(process.stdout);
const round = (value: number, digits = 3): number => Number(value.toFixed(digits));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

export async function run(argv: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args: argv, options: { misses: { type: 'boolean', default: false } } });
  const labelled = existsSync(LABELLED) ? scoreAll(values.misses) : undefined;
  if (labelled) report.table(labelled.rows);
  else say(`ABSENT: ${LABELLED}. Precision and recall are not measured; set SIGNALBOX_DATA to the folder of the data.`);
  const prose = alarms(
    'prose',
    globSync('node_modules/{fastify,light-my-request,pino,zod,typeorm,nx,vite,undici,openai}/**/*.md', { cwd: ROOT }),
  );
  const machine = alarms('machine text', [
    'package-lock.json',
    ...globSync('node_modules/{vite,nx,zod,undici}/**/*.json', { cwd: ROOT }),
  ]);
  report.table([prose.row, machine.row]);
  const speed = measureSpeed(prose.text);
  report.table([speed]);
  const targets = [...(labelled?.targets ?? []), ...[prose, machine].map(({ target }) => target)];
  const rows = { classes: labelled?.rows ?? null, alarms: [prose.row, machine.row], speed };
  return { dataset: labelled ? 'presidio_synth_dataset_v2' : null, ...rows, targets };
}

function scoreAll(showMisses: boolean): { rows: Row[]; targets: Target[] } {
  const texts = JSON.parse(readFileSync(LABELLED, 'utf8')) as { full_text: string; spans: Label[] }[];
  const read = texts.map(({ full_text: text, spans }) => ({ text, labels: spans, found: detect(text, ruleset) }));
  const targets: Target[] = [];
  const rows = TARGETS.map(({ label, ours, recallMin, precisionMin }) => {
    let [gold, hits, whole, raised, right] = [0, 0, 0, 0, 0];
    for (const { text, labels, found } of read) {
      const wanted = labels.filter((one) => one.entity_type === label);
      const got = found.filter((one) => one.class === ours);
      gold += wanted.length;
      raised += got.length;
      const missed = wanted.filter((one) => !got.some((span) => overlap(one, span) >= OVERLAP_MIN));
      const wrong = got.filter((span) => !wanted.some((one) => overlap(one, span) >= OVERLAP_MIN));
      hits += wanted.length - missed.length;
      right += got.length - wrong.length;
      whole += wanted.filter((one) =>
        got.some((span) => span.start <= one.start_position && span.end >= one.end_position),
      ).length;
      if (!showMisses) continue;
      for (const one of missed)
        say(`missed ${ours} ${JSON.stringify(around(text, one.start_position, one.end_position))}`);
      for (const one of wrong) say(`false  ${ours} ${JSON.stringify(around(text, one.start, one.end))}`);
    }
    const recall = round(hits / gold);
    const precision = round(raised === 0 ? 0 : right / raised);
    targets.push(atLeast(`${ours} recall`, recall, recallMin), atLeast(`${ours} precision`, precision, precisionMin));
    return {
      class: ours,
      labelled: gold,
      found: hits,
      missed: gold - hits,
      'covered whole': whole,
      raised,
      precision,
      recall,
    };
  });
  return { rows, targets };
}

/** Intersection over union. */
function overlap(label: Label, span: Span): number {
  const shared = Math.min(label.end_position, span.end) - Math.max(label.start_position, span.start);
  const all = Math.max(label.end_position, span.end) - Math.min(label.start_position, span.start);
  return Math.max(0, shared) / all;
}

const around = (text: string, start: number, end: number): string =>
  `${text.slice(Math.max(0, start - 20), start)}<${text.slice(start, end)}>${text.slice(end, end + 10)}`;

/** What is found in texts that hold no card, IBAN or phone. Their e-mail addresses are real ones, so no alarms. */
function alarms(name: string, files: string[]): { row: Row; target: Target; text: string } {
  const text = files
    .toSorted()
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n')
    .slice(0, PROSE_CHARS_MAX);
  const found = detect(text, ruleset);
  const count = (piiClass: string): number => found.filter((span) => span.class === piiClass).length;
  const raised = found.length - count('EMAIL');
  const per10kb = round((raised * 10_240) / Math.max(1, text.length));
  for (const span of found.filter((one) => one.class !== 'EMAIL').slice(0, 12))
    say(`alarm in ${name}: ${span.class} ${JSON.stringify(around(text, span.start, span.end))}`);
  const row = {
    text: name,
    files: files.length,
    KB: Math.round(text.length / 1024),
    CARD: count('CARD'),
    IBAN: count('IBAN'),
    PHONE: count('PHONE'),
    'alarms/10KB': per10kb,
    'addresses (real)': count('EMAIL'),
  };
  return {
    row,
    text,
    target: {
      name: `alarms per 10 KB, ${name}`,
      value: per10kb,
      bound: `<= ${ALARMS_PER_10KB_MAX}`,
      ok: per10kb <= ALARMS_PER_10KB_MAX,
    },
  };
}

/** CPU time, since others may be at work beside it. */
function measureSpeed(text: string): Row {
  const options = { ruleset, tenantKey: Buffer.alloc(32) };
  const whole = cpuSeconds(() => void redactText(text, options));
  const part = text.slice(0, 200_000);
  const stream = new RedactingStream(options);
  let heldMax = 0;
  let heldSum = 0;
  let pushes = 0;
  const streamed = cpuSeconds(() => {
    for (let at = 0; at < part.length; at += STREAM_CHUNK_CHARS) {
      stream.push(part.slice(at, at + STREAM_CHUNK_CHARS));
      heldMax = Math.max(heldMax, stream.heldChars);
      heldSum += stream.heldChars;
      pushes += 1;
    }
    stream.end();
  });
  return {
    'redactText MB/s of CPU': round(text.length / 1e6 / whole, 1),
    'stream us of CPU per chunk of 4': round((streamed * 1e6) / pushes, 1),
    'held chars mean': round(heldSum / pushes, 1),
    'held chars max': heldMax,
    'hold bound': stream.holdCharsMax,
  };
}

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1e6;
}

function atLeast(name: string, value: number, min: number): Target {
  return { name, value, bound: `>= ${min}`, ok: value >= min };
}
