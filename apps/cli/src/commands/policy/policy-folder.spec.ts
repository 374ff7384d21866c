import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testFolder } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { readFolder, writeFolder } from './policy-folder.js';

function folderWith(files: Record<string, string>): string {
  const folder = testFolder('policy-folder');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
const text = 'permit(principal, action, resource);';

describe('a folder of policies', () => {
  it('reads as it was written', () => {
    const definitions = [
      { kind: 'tools' as const, id: 'pay', definition: { name: 'pay', effect: 'unsafe' } },
      { kind: 'policies' as const, id: 'plain', definition: { id: 'plain', text, description: '' } },
      {
        kind: 'policies' as const,
        id: 'seen',
        definition: { id: 'seen', text: `${text}\n`, description: 'Why.', mode: 'shadow' },
      },
      { kind: 'tests' as const, id: 'one', definition: { id: 'one', agent: 'clerk' } },
      { kind: 'limits' as const, id: 'tenant', definition: { weight: 2 } },
    ];
    const folder = testFolder('policy-folder');
    expect(writeFolder(folder, definitions, false)).toBe(6);
    expect(readFileSync(join(folder, 'policies/plain.cedar'), 'utf8')).toBe(text);
    expect(readFolder(folder)).toEqual(definitions);
    writeFolder(folder, definitions.slice(0, 2), true);
    expect(readFolder(folder)).toEqual(definitions.slice(0, 2));
  });

  it('takes the id of a definition from the name of its file', () => {
    const folder = folderWith({
      'rules/r.json': '{"effect":"permit"}',
      'tools/t.json': '{}',
      'README.md': 'x',
      '.git/config': '',
    });
    expect(readFolder(folder).map(({ definition }) => definition)).toEqual([
      { name: 't' },
      { id: 'r', effect: 'permit' },
    ]);
  });

  it.each([
    ['a misspelt folder', { 'rule/x.json': '{}' }, 'rule'],
    ['a stray file', { 'x.json': '{}' }, 'x.json'],
    ['what is not JSON', { 'rules/x.json': '{' }, 'rules/x.json is not JSON'],
    ['what is no object', { 'rules/x.json': '[]' }, 'no JSON object'],
    ['a policy without a text', { 'policies/x.json': '{}' }, 'no .cedar file'],
    ['Cedar that is no policy', { 'rules/x.cedar': text }, 'are JSON'],
    ['a file that is too large', { 'rules/x.json': `"${'x'.repeat(200_001)}"` }, 'larger than'],
  ])('refuses %s by name', (_what, files, message) => {
    expect(() => readFolder(folderWith(files))).toThrow(message);
  });

  it('refuses what is no folder', () => {
    expect(() => readFolder('/nowhere/at/all')).toThrow('is no folder');
  });
});
