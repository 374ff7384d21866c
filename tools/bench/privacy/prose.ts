import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { detect, type Ruleset } from '@signalbox/privacy';

const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const CHARS_MAX = 600_000;
const KB = 10_240;
/** People and addresses that the documents make up as examples: rightly found. */
const EXAMPLES = /Ada Stone|Anna Berg|Ada|Anna/;

export interface Prose {
  name: string;
  text: string;
  files: number;
}

/** Technical prose without personal data: our own documents, and those of packages, which name their authors though. */
export function technicalProse(): Prose[] {
  return [
    gather('our documents', [
      'README.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
      'CHANGELOG.md',
      ...list('docs/{concepts,guides,internals,operating,adr}/**/*.md'),
    ]),
    gather('documents of packages', list('node_modules/{fastify,light-my-request,zod,vite,undici,pino}/**/*.md')),
    gather('machine text', ['package-lock.json', ...list('node_modules/{vite,nx,zod,undici}/**/*.json')]),
  ];
}

const list = (pattern: string): string[] => globSync(pattern, { cwd: ROOT }).toSorted();

function gather(name: string, files: string[]): Prose {
  const text = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
  return { name, text: text.slice(0, CHARS_MAX), files: files.length };
}

export interface Alarms {
  text: string;
  KB: number;
  per10Kb: number;
  byClass: Record<string, number>;
  /** The first few, with what stands around them. */
  shown: string[];
}

const SHOWN_MAX = 8;

/** What is found where there is nothing to find. Addresses of e-mail are real ones there, and not counted. */
export function alarmsIn({ name, text }: Prose, ruleset: Ruleset): Alarms {
  const spans = detect(text, ruleset).filter((span) => span.class !== 'EMAIL' && !EXAMPLES.test(span.value));
  const byClass: Record<string, number> = {};
  for (const { class: piiClass } of spans) byClass[piiClass] = (byClass[piiClass] ?? 0) + 1;
  const shown = spans
    .slice(0, SHOWN_MAX)
    .map((span) => `${span.class} ${JSON.stringify(text.slice(Math.max(0, span.start - 15), span.end + 10))}`);
  return {
    text: name,
    KB: Math.round(text.length / 1024),
    per10Kb: Number(((spans.length * KB) / Math.max(1, text.length)).toFixed(2)),
    byClass,
    shown,
  };
}
