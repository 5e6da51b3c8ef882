/** The pages of the site: which file becomes which page, and where their links lead. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path/posix';
import { deflateRawSync } from 'node:zlib';
import { makeSource } from '../../src/base/text/source.ts';
import { checkSource } from '../../src/compiler/pipeline.ts';

export interface Page {
  /** The file in the project. */
  readonly from: string;
  /** Its place in the site. */
  readonly to: string;
}

export interface SiteLink {
  readonly to?: string;
  /** A file that must be there as it is. */
  readonly file?: string;
}

/** The page of the playground with a text in it, as its button copies it. */
export const playgroundLink = (text: string): string =>
  `/playground.html#text=${deflateRawSync(text).toString('base64url')}`;

/** Pages of the project that do not lie in `docs`. */
const others: Readonly<Record<string, string>> = {
  'README.md': 'overview.md',
  'CONTRIBUTING.md': 'project/contributing.md',
  'CHANGELOG.md': 'project/changes.md',
  'SECURITY.md': 'project/security.md',
  'CODE_OF_CONDUCT.md': 'project/conduct.md',
};

/** Files that pages name and that are no page: they lie as they are below `files`. */
const asIs = /\.(tower|ebnf|json|txt|yml|svg|png|html|js|css)$/;

const findPages = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return findPages(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });

/** `docs/models/README.md` → `models/index.md`; undefined where a file is no page. */
export function pageOf(path: string): string | undefined {
  if (Object.hasOwn(others, path)) return others[path];
  if (!path.startsWith('docs/') || !path.endsWith('.md')) return undefined;
  return path.slice('docs/'.length).replace(/(^|\/)README\.md$/, '$1index.md');
}

/** All pages of the site: the file in the project, and its place in the site. */
export const sitePages = (): Page[] =>
  [...findPages('docs'), ...Object.keys(others)].sort().map((from) => ({ from, to: pageOf(from)! }));

/**
 * Where a link of a page leads in the site. `file`: a file that must be there as it is. Without `to` the link has no place, and its words stay.
 */
export function linkOf(from: string, link: string): SiteLink {
  if (/^(\w+:|#|\/)/.test(link)) return { to: link };
  const [path = '', hash = ''] = link.split(/(?=#)/);
  const target = normalize(join(dirname(from), decodeURI(path)));
  const index = join(target, 'README.md');
  const page = pageOf(target) ?? (existsSync(index) ? pageOf(index) : undefined);
  if (page !== undefined && existsSync(target)) {
    const to = relative(dirname(pageOf(from)!), page);
    return { to: `${to.startsWith('.') ? to : `./${to}`}${hash}` };
  }
  if (target === 'docs/examples/films') return { to: '/films' };
  if (target.endsWith('.exercise.tower') && existsSync(target)) {
    // An exercise is solved where the checker is; one that needs data is solved on the reader's machine.
    const text = readFileSync(target, 'utf8');
    if (checkSource(makeSource(target, text)).diagnostics.length > 0) return { to: playgroundLink(text) };
  }
  if (existsSync(target) && statSync(target).isFile() && asIs.test(target))
    return { to: `/files/${target}`, file: target };
  return {};
}

/** A page with the links of the site and without comments, which the site would show as text; and the files that it needs. */
export function pageText(from: string): { readonly text: string; readonly files: readonly string[] } {
  const files: string[] = [];
  const text = outsideFences(readFileSync(from, 'utf8'), (part) =>
    part
      .replaceAll(/^<!--[\s\S]*?-->\n*/gm, '')
      // GitHub needs the element for the width of a picture.
      .replaceAll(/^<img src="([^"]+)"[^>]* alt="([^"]*)"[^>]*>$/gm, '![$2]($1)')
      .replaceAll(
        /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)/g,
        (_, image: string, words: string, link: string) => {
          const { to, file } = linkOf(from, link);
          if (file !== undefined) files.push(file);
          if (to === undefined) return words;
          // A picture of a model leads to itself: a phone shows it whole, and a keyboard reaches it to scroll.
          const isPicture = image !== '' && to.endsWith('.svg');
          return isPicture ? `[![${words}](${to})](${to})` : `${image}[${words}](${to})`;
        },
      ),
  );
  return { text, files };
}

/** Code is as it is: links in it are examples. The words of a link may be code. */
function outsideFences(text: string, change: (part: string) => string): string {
  return text
    .split(/(^(?:```|~~~~)[^\n]*\n[\s\S]*?^(?:```|~~~~)[^\n]*$)/m)
    .map((part, at) => (at % 2 === 1 ? part : change(part)))
    .join('');
}

/** The first heading of a page. */
export const titleOf = (path: string): string =>
  /^# (.+)$/m.exec(readFileSync(path, 'utf8'))?.[1]?.replaceAll('`', '') ?? path;
