/** What all reports have around them: the policy, the style, and links to their sections. */
import { createHash } from 'node:crypto';
import { escapeHtml } from './html.ts';
import { style } from './style.ts';

/** Nothing is loaded and nothing runs, whatever a name in a run says, but for one script of ours, which asks this server. */
const policyOf = (script: string | undefined): string =>
  [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
    ...(script === undefined
      ? []
      : [`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`, "connect-src 'self'"]),
  ].join('; ');

/** A page without it is not ours, and is not written over. */
export const generator = '<meta name="generator" content="tower report">';

export interface ShellOptions {
  /** More elements of its head. */
  readonly head?: string;
  /** The text of its only script. */
  readonly script?: string;
}

/** @param body parts of the page; empty ones are left out */
export function shell(title: string, body: readonly string[], { head = '', script }: ShellOptions = {}): string {
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
    `<meta http-equiv="Content-Security-Policy" content="${policyOf(script)}">`,
    ...(head === '' ? [] : [head]),
    `<title>${escapeHtml(title)}</title><style>${style}</style></head><body><main>`,
    first,
    `<nav aria-label="Sections">${links.join('\n')}</nav>`,
    ...rest,
    `</main>${script === undefined ? '' : `<script>${script}</script>`}</body></html>\n`,
  ].join('\n');
}
