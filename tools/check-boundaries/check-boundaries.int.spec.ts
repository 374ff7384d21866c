import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..', '..');
let workspace: string;

/** A small workspace with the house's own rules, in which each test plants what must be caught. */
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'signalbox-boundaries-'));
  for (const file of ['nx.json', 'tsconfig.base.json', '.dependency-cruiser.cjs', 'tools/boundaries.json']) {
    mkdirSync(dirname(join(workspace, file)), { recursive: true });
    cpSync(join(root, file), join(workspace, file));
  }
  writeFileSync(join(workspace, 'package.json'), JSON.stringify({ name: 'planted', workspaces: ['apps/*', 'libs/*'] }));
  mkdirSync(join(workspace, 'node_modules', '@signalbox'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')).filter((entry) => entry !== '@signalbox')) {
    symlinkSync(join(root, 'node_modules', name), join(workspace, 'node_modules', name));
  }
  project('libs/contracts', 'type:contracts', 'export const subject = 1;');
  project('libs/bus', 'type:infra', "import { subject } from '@signalbox/contracts';\nexport const bus = subject;");
  project('apps/router', 'type:app', "import { bus } from '@signalbox/bus';\nexport const app = bus;");
  project('apps/guard', 'type:app', 'export const guard = 1;');
});
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

function project(folder: string, tag: string, source: string): void {
  const name = `@signalbox/${folder.split('/')[1]}`;
  const manifest = {
    name,
    version: '0.1.0',
    exports: { '.': { '@signalbox/source': './src/index.ts' } },
    nx: { tags: [tag] },
  };
  mkdirSync(join(workspace, folder, 'src'), { recursive: true });
  writeFileSync(join(workspace, folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(workspace, folder, 'src', 'index.ts'), source);
  symlinkSync(join(workspace, folder), join(workspace, 'node_modules', name));
}

function plant(file: string, source: string): void {
  mkdirSync(dirname(join(workspace, file)), { recursive: true });
  writeFileSync(join(workspace, file), source);
}

function check(): { code: number | null; output: string } {
  const script = join(import.meta.dirname, 'check-boundaries.ts');
  const result = spawnSync(process.execPath, [script, workspace], { encoding: 'utf8' });
  return { code: result.status, output: result.stdout + result.stderr };
}

describe('check-boundaries', () => {
  it('passes a workspace that keeps the rules', () => {
    expect(check()).toMatchObject({ code: 0 });
  });

  it('catches an undeclared import of an app by an app, by its tags and by its path', () => {
    plant('apps/router/src/planted.ts', "import { guard } from '@signalbox/guard';\nexport const planted = guard;");
    const { code, output } = check();
    expect(code).toBe(1);
    expect(output).toContain('@signalbox/router (type:app) may not import @signalbox/guard (type:app)');
    expect(output).toContain('no-app-to-app');
  });

  it('catches a library that reaches up', () => {
    plant('libs/contracts/src/planted.ts', "import { bus } from '@signalbox/bus';\nexport const planted = bus;");
    const { code, output } = check();
    expect(code).toBe(1);
    expect(output).toContain('@signalbox/contracts (type:contracts) may not import @signalbox/bus (type:infra)');
    expect(output).toContain('lib-contracts');
  });

  it('catches each forbidden import by the name of its rule', () => {
    const planted: [rule: string, file: string, module: string][] = [
      ['nats-only-in-bus', 'apps/router/src/nats.ts', '@nats-io/transport-node'],
      ['no-nest-in-pure', 'libs/bus/src/nest.ts', '@nestjs/common'],
      ['sql-only-in-adapters', 'apps/router/src/feature/sql.ts', 'typeorm'],
      ['sql-only-in-adapters', 'apps/router/src/pg.ts', 'pg'],
      ['opossum-only-in-resilience', 'apps/router/src/breaker.ts', 'opossum'],
      ['contracts-zod-only', 'libs/contracts/src/logger.ts', 'pino'],
      ['pure-without-io', 'libs/contracts/src/files.ts', 'node:fs'],
      ['no-unresolved', 'apps/router/src/lost.ts', './nowhere.js'],
      ['no-cycle', 'apps/router/src/cycle-a.ts', './cycle-b.js'],
    ];
    for (const [, file, module] of planted) plant(file, `import * as planted from '${module}';\nexport { planted };`);
    plant('apps/router/src/cycle-b.ts', "import * as planted from './cycle-a.js';\nexport { planted };");
    const { code, output } = check();
    expect(code).toBe(1);
    for (const [rule, file] of planted) expect(output).toContain(`${rule}: ${file}`);
  });

  it('allows a database adapter and entities what it forbids elsewhere', () => {
    plant('apps/guard/src/vault/adapters/postgres-vault.adapter.ts', "import 'typeorm';");
    plant('apps/guard/src/vault/entities/secret.entity.ts', "import 'typeorm';");
    expect(check()).toMatchObject({ code: 0 });
  });
});
