import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './markdown.ts';

const PAGE = 'docs/reference/owasp-agentic.md';
const RISKS = Array.from({ length: 10 }, (_, n) => `ASI${String(n + 1).padStart(2, '0')}`);
const FILE = /`([^`]+)`/g;

interface Row {
  risk: string;
  code: string[];
  proof: string[];
}

const filesIn = (cell: string): string[] => [...cell.matchAll(FILE)].map(([, file]) => file ?? '');
const rows = readFileSync(join(root, PAGE), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| **ASI'))
  .map((line): Row => {
    const [, risk = '', , code = '', proof = ''] = line.split('|');
    return { risk: /ASI\d\d/.exec(risk)?.[0] ?? '', code: filesIn(code), proof: filesIn(proof) };
  });

describe('the OWASP table', () => {
  it('has a row for each risk', () => {
    expect(rows.map(({ risk }) => risk)).toEqual(RISKS);
  });

  it.each(rows)('$risk names code and specs that exist', ({ code, proof }) => {
    expect(code.length).toBeGreaterThan(0);
    expect(proof.filter((file) => file.endsWith('.spec.ts')).length).toBeGreaterThan(0);
    expect([...code, ...proof].filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});
