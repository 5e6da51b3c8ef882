/**
 * Makes a built site work in any folder of any host. VitePress writes addresses from a fixed root, which is a placeholder here. In HTML it becomes the way up
 * from the page, in scripts a value that each page sets first.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import ts from 'typescript';

/** No text of the pages has it. */
export const siteRoot = '/tower-site-root/';
const value = '__towerRoot';

/** Texts of a script that hold the placeholder: `"a/tower-site-root/b"` → `("a"+__towerRoot+"b")`. */
export function relativeScript(code: string): string {
  if (!code.includes(siteRoot)) return code;
  const changes: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isTemplateLiteralToken(node)) {
      const [start, end] = [node.getStart(source), node.getEnd()];
      const literal = code.slice(start, end);
      if (literal.includes(siteRoot)) {
        const quote = literal[0]!;
        const text = ts.isStringLiteral(node)
          ? `(${literal.replaceAll(siteRoot, `${quote}+${value}+${quote}`)})`
          : literal.replaceAll(siteRoot, `\${${value}}`);
        changes.push({
          start,
          end,
          text: ts.isPropertyAssignment(node.parent) && node.parent.name === node ? `[${text}]` : text,
        });
      }
    }
    ts.forEachChild(node, visit);
  };
  const source = ts.createSourceFile('chunk.js', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  visit(source);
  return changes
    .sort((a, b) => b.start - a.start)
    .reduce((now, { start, end, text }) => now.slice(0, start) + text + now.slice(end), code);
}

/** @param up the way from the page to the root of the site, such as `../` */
export function relativePage(html: string, up: string): string {
  const set = `<script>window.${value}=new URL(${JSON.stringify(up)},location.href).pathname</script>`;
  // Links of the bar on top stay when another page takes the place of this one, so they must not depend on where they were.
  const fix =
    '<script>for(const e of document.querySelectorAll("a[href],img[src]"))e.href?e.href=e.href:e.src=e.src</script>';
  return html.replace('<head>', `<head>${set}`).replaceAll(siteRoot, up).replace('</body>', `${fix}</body>`);
}

/** @param root where the host has the site, for the page of addresses that are none: only this page cannot find out by itself */
export function makeRelative(site: string, root: string): void {
  for (const name of readdirSync(site, { recursive: true, encoding: 'utf8' }).map((each) =>
    each.replaceAll('\\', '/'),
  )) {
    if (/^(app|files)\//.test(name) || !/\.(html|js|css)$/.test(name)) continue;
    const path = join(site, name);
    const text = readFileSync(path, 'utf8');
    const depth = name.split('/').length - 1;
    const up = name === '404.html' ? root : '../'.repeat(depth) || './';
    if (name.endsWith('.html')) writeFileSync(path, relativePage(text, up));
    else if (text.includes(siteRoot))
      writeFileSync(path, name.endsWith('.js') ? relativeScript(text) : text.replaceAll(siteRoot, up));
  }
}
