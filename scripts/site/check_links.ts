/** Every link of a built site leads to a file of it, and every anchor to an element. Links to other sites are not followed. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';

const pagesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pagesIn(path);
    return entry.name.endsWith('.html') ? [path] : [];
  });

const decoded = (text: string): string =>
  text.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"');

/** The file that a host of static files answers a path with. */
function fileOf(path: string): string | undefined {
  for (const each of [path, `${path}.html`, join(path, 'index.html')]) {
    if (existsSync(each) && statSync(each).isFile()) return each;
  }
  return undefined;
}

/** @returns a line for each link that leads nowhere */
export function brokenLinks(site: string, base = '/'): string[] {
  const anchors = new Map<string, ReadonlySet<string>>();
  const anchorsOf = (path: string): ReadonlySet<string> => {
    const known = anchors.get(path);
    if (known) return known;
    const found = new Set(
      [...readFileSync(path, 'utf8').matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id]) => decoded(id!)),
    );
    anchors.set(path, found);
    return found;
  };
  return pagesIn(site).flatMap((page) => {
    const html = readFileSync(page, 'utf8').replaceAll(/<script[\s\S]*?<\/script>/g, '');
    const links = new Set(
      [...html.matchAll(/<(?:a|img|link|script|iframe)\b[^>]*?\s(?:href|src)="([^"]*)"/g)].map(([, link]) =>
        decoded(link!),
      ),
    );
    return [...links].flatMap((link) => {
      if (/^(\w+:|\/\/)/.test(link) || link === '') return [];
      const [path = '', hash] = link.split('#');
      const plain = decodeURI(path.split('?')[0]!);
      const target =
        plain === ''
          ? page
          : plain.startsWith(base)
            ? join(site, plain.slice(base.length))
            : normalize(join(dirname(page), plain));
      const file = fileOf(target);
      if (file === undefined) return [`${page}: there is no ${link}`];
      // A link to the playground may hold the text of a model.
      if (!hash || hash.startsWith('text=') || !file.endsWith('.html') || anchorsOf(file).has(decodeURIComponent(hash)))
        return [];
      return [`${page}: ${link} has no such anchor`];
    });
  });
}
