import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessConfig } from '@signalbox/access';
import { recogniserConfig } from '@signalbox/app-runtime/recogniser';
import { baseConfig, variableOf } from '@signalbox/kernel';
import { describe, expect, it } from 'vitest';
import { HTTP_PORTS } from '../stack/services.ts';
import { root } from './markdown.ts';

const apps = readdirSync(join(root, 'apps')).filter((app) => existsSync(join(root, 'apps', app, 'src/config.ts')));
const page = readFileSync(join(root, 'docs/operating/configuration.md'), 'utf8');

/** Sections of the page by their heading. */
const sections = new Map(
  page.split(/^## /m).map((section) => [section.slice(0, section.indexOf('\n')).trim(), section] as const),
);

/** Variables that a section's tables list, first column; `…_B` after `SIGNALBOX_A` is `SIGNALBOX_B`. */
function listed(heading: string): string[] {
  const cells = [...(sections.get(heading) ?? '').matchAll(/^\|( `(?:SIGNALBOX|…)_[^|]*)\|/gm)];
  return cells.flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(?:SIGNALBOX|…)(_[A-Z_]+)`/g)].map(([, name]) => `SIGNALBOX${name}`),
  );
}

/** Variables that supervisor and bootstrap read, by their sources; less the one that specs set. */
function readByStart(): string[] {
  const files = globSync('{tools/stack,tools/bootstrap,libs/local-servers/src}/**/!(*.spec|*.fixture).{ts,mjs}', {
    cwd: root,
  });
  const read = files.flatMap((file) => [
    ...readFileSync(join(root, file), 'utf8').matchAll(
      /process\.env(?:\.|\[')(SIGNALBOX_\w+)|, '(SIGNALBOX_\w+_PORT)'\)/g,
    ),
  ]);
  const ports = Object.keys(HTTP_PORTS).map((app) => `SIGNALBOX_${app.toUpperCase()}_PORT`);
  const names = new Set([...read.map(([, variable, port]) => variable ?? port ?? ''), ...ports]);
  names.delete('SIGNALBOX_TEST_RUN_DIR');
  return [...names];
}

/** Keys that the schema in an app's config.ts has by itself; read as text, since the schemas are not exported. */
function ownKeys(app: string): string[] {
  const source = readFileSync(join(root, 'apps', app, 'src/config.ts'), 'utf8');
  const start = source.search(/^(?:export )?const \w+ = \{$/m);
  const body = source.slice(start, source.indexOf('\n};', start));
  return [...body.matchAll(/^ {2}([a-z]\w*)(?::|,$)/gm)].map((match) => match[1] ?? '');
}

describe('the page of every variable', () => {
  it('has what supervisor and bootstrap read', () => {
    expect(listed('npm start').toSorted()).toEqual(readByStart().toSorted());
  });

  it('has what all services read', () => {
    expect(listed('Every service').toSorted()).toEqual(Object.keys(baseConfig).map(variableOf).toSorted());
  });

  it('has what both admin APIs read', () => {
    expect(listed('Admin APIs').toSorted()).toEqual(Object.keys(accessConfig).map(variableOf).toSorted());
  });

  it('has what the gates read that ask a recogniser', () => {
    expect(listed('Model recogniser').toSorted()).toEqual(Object.keys(recogniserConfig).map(variableOf).toSorted());
  });

  it('has a section for each service', () => {
    expect(apps.filter((app) => !sections.has(app))).toEqual([]);
  });

  it.each(apps)('has exactly what %s reads beyond that', (app) => {
    const keys = ownKeys(app);
    expect(keys.length).toBeGreaterThan(0);
    expect(listed(app).toSorted()).toEqual(keys.map(variableOf).toSorted());
  });
});
