import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..', '..');

const FENCE = /^(```|~~~).*?^\1[^\S\n]*$/gms;
const CODE = /`[^`\n]*`/g;
const LINK = /\[[^\]]*\]\(([^()\s]+)(?:\s+"[^"]*")?\)/g;
const FOREIGN = /^[a-z][a-z0-9+.-]*:/i;

/** Every markdown file that is in the repository or about to be, relative to the root. */
export function markdownFiles(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', '*.md'];
  return [...new Set(execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean))];
}

/** Targets of links to this repository's own files: not those in code, nor addresses with a scheme. */
export function ownLinks(markdown: string): string[] {
  const prose = markdown.replaceAll(FENCE, '').replaceAll(CODE, '');
  return [...prose.matchAll(LINK)].map((match) => match[1] ?? '').filter((target) => !FOREIGN.test(target));
}

/** Anchors that the headings of a page make, as GitHub does. */
export function anchorsOf(markdown: string): string[] {
  const headings = markdown.replaceAll(FENCE, '').matchAll(/^#{1,6}\s+(.+?)\s*$/gm);
  return [...headings].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

/** The file that a link in `page` leads to, and the anchor in it. */
export function targetOf(page: string, link: string): { file: string; anchor: string } {
  const [path = '', anchor = ''] = decodeURIComponent(link).split('#');
  return { file: path === '' ? join(root, page) : resolve(root, page, '..', path), anchor };
}
