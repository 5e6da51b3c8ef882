/** What all reports have around them: the policy, the style, and links to their sections. */
import { escapeHtml } from './html.ts';
import { style } from './style.ts';

/** Nothing is loaded and nothing runs, whatever a name in a run says. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A page without it is not ours, and is not written over. */
export const generator = '<meta name="generator" content="tower report">';

/**
 * @param body parts of the page; empty ones are left out
 * @param head more elements of its head
 */
export function shell(title: string, body: readonly string[], head = ''): string {
  const parts = body.filter((part) => part !== '');
  const links = parts.flatMap((part) => {
    const found = /^<section(?: class="[^"]*")? id="([^"]+)"><h2>(.*?)<\/h2>/.exec(part);
    return found ? [`<a href="#${found[1]}">${found[1] === 'verdict' ? 'Verdict' : found[2]}</a>`] : [];
  });
  const [first, ...rest] = parts;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    generator,
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    ...(head === '' ? [] : [head]),
    `<title>${escapeHtml(title)}</title><style>${style}</style></head><body><main>`,
    first,
    `<nav aria-label="Sections">${links.join('\n')}</nav>`,
    ...rest,
    '</main></body></html>\n',
  ].join('\n');
}
