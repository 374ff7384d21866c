import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, markdownFiles, ownLinks, root, targetOf } from './markdown.ts';

const read = (page: string): string => readFileSync(join(root, page), 'utf8');

describe('what counts as a link', () => {
  it('leaves out code, and addresses elsewhere', () => {
    const text = 'see [a](b.md#c), [d](https://e), `[f](g)`\n```\n[h](i)\n```\n[j](#k)';
    expect(ownLinks(text)).toEqual(['b.md#c', '#k']);
  });

  it('names headings as they are linked to', () => {
    expect(anchorsOf('# 1 · Say `it`\n```\n# no\n```\n## The guard’s own')).toEqual(['1--say-it', 'the-guards-own']);
  });
});

describe('links between pages', () => {
  const pages = markdownFiles().filter((page) => existsSync(join(root, page)));

  it('finds the pages', () => {
    expect(pages).toContain('README.md');
    expect(pages).toContain('docs/README.md');
  });

  it.each(pages)('%s leads nowhere that does not exist', (page) => {
    const dead = ownLinks(read(page)).filter((link) => {
      const { file, anchor } = targetOf(page, link);
      if (!existsSync(file)) return true;
      return anchor !== '' && !anchorsOf(readFileSync(file, 'utf8')).includes(anchor);
    });
    expect(dead).toEqual([]);
  });

  it('every page of docs can be reached from its index', () => {
    const reached = new Set<string>();
    const open = [join(root, 'docs/README.md')];
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (reached.has(file) || !file.endsWith('.md')) continue;
      reached.add(file);
      const page = file.slice(root.length + 1);
      open.push(
        ...ownLinks(readFileSync(file, 'utf8'))
          .map((link) => targetOf(page, link).file)
          .filter(existsSync),
      );
    }
    expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(join(root, page)))).toEqual([]);
  });
});
