/** Makes pages of reports: their parts and policy. Names and titles come from users, so every text that is not constant goes through `escapeHtml`. */
import { createHash } from 'node:crypto';
import { escapeHtml } from '../../base/text/display.ts';
import { icon, mark } from '../../editor/drawing/design.ts';
import { style } from './style.ts';

/** The policy forbids all resources and scripts, whatever a name in a run contains, except for our own script, which requests this server. */
const policyOf = (script: string | undefined): string =>
  [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    ...(script === undefined
      ? []
      : [`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`, "connect-src 'self'"]),
  ].join('; ');

/** Marks our pages. A page without it is never overwritten. */
export const generator = '<meta name="generator" content="tower report">';

/**
 * @param kind what the page is, such as `a run`
 * @param first the head of the page; the links to the sections come after it
 * @param body parts of the page; empty ones are left out
 */
export function shell(
  { title, kind }: { readonly title: string; readonly kind: string },
  first: string,
  body: readonly string[],
  { head = '', script }: { readonly head?: string; readonly script?: string } = {},
): string {
  const bodyParts = inPairs(body.filter((part) => part !== ''));
  const links = bodyParts.flatMap((part) => {
    const heading = /^<section(?: class="\w+")? id="([^"]+)"><h2>(.*?)<\/h2>/.exec(part);
    return heading ? [`<a href="#${heading[1]}">${heading[2]}</a>`] : [];
  });
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    generator,
    `<meta http-equiv="Content-Security-Policy" content="${policyOf(script)}">`,
    ...(head === '' ? [] : [head]),
    `<title>${escapeHtml(title)}</title><link rel="icon" href="${icon}"><style>${style}</style></head><body>`,
    `<header class="top">${mark}<strong>Tower</strong>${escapeHtml(kind)}</header><main>`,
    first,
    ...(links.length < 2 ? [] : [`<nav aria-label="Sections">${links.join('\n')}</nav>`]),
    ...bodyParts,
    `</main>${script === undefined ? '' : `<script>${script}</script>`}</body></html>\n`,
  ].join('\n');
}

/** Sections of half a page stand in pairs. One that nobody stands beside is marked, so that half of the page is not left empty. */
function inPairs(parts: readonly string[]): string[] {
  const isHalf = (part: string | undefined): boolean => part?.startsWith('<section id=') === true;
  let isSecond = false;
  return parts.map((part, index) => {
    const isLone = isHalf(part) && !isSecond && !isHalf(parts[index + 1]);
    isSecond = isHalf(part) && !isSecond;
    return isLone ? part.replace('<section', '<section class="lone"') : part;
  });
}

export { escapeHtml };

export interface HtmlTable {
  readonly caption: string;
  readonly head: readonly string[];
  /** Line breaks in a cell are kept. */
  readonly rows: readonly (readonly string[])[];
  /** True if cells have words and not numbers, so they are aligned left. */
  readonly words?: true;
}

/** Makes a table that scrolls by itself if it is wider than the page. */
export function table({ caption, head, rows, words }: HtmlTable): string {
  const heads = head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  const lines = rows.map(
    ([first, ...cells]) =>
      `<tr><th scope="row">${escapeHtml(first ?? '')}</th>${cells.map((text) => `<td>${escapeHtml(text)}</td>`).join('')}</tr>`,
  );
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table${words ? ' class="words"' : ''}><caption>${escapeHtml(caption)}</caption><thead><tr>${heads}</tr></thead><tbody>\n${lines.join('\n')}\n</tbody></table></div>`;
}

export function alternative(data: HtmlTable): string {
  return folded('As a table', table(data));
}

/** Makes a section of half the width of a desk. The title is a constant text, from which the anchor is derived. */
export function section(title: string, ...body: readonly string[]): string {
  return `<section id="${anchorOf(title)}"><h2>${escapeHtml(title)}</h2>\n${body.join('\n')}\n</section>`;
}

/** The same over the whole width. */
export function wideSection(title: string, ...body: readonly string[]): string {
  return section(title, ...body).replace('<section', '<section class="wide"');
}

/** A section that is closed at first: what few readers need. */
export function foldedSection(title: string, ...body: readonly string[]): string {
  return `<section class="wide fold" id="${anchorOf(title)}"><details><summary><h2>${escapeHtml(title)}</h2></summary>\n${body.join('\n')}\n</details></section>`;
}

export function folded(title: string, ...body: readonly string[]): string {
  return `<details><summary>${escapeHtml(title)}</summary>\n${body.join('\n')}\n</details>`;
}

/** Makes a list of names with values. */
export function factList(facts: readonly (readonly [name: string, value: string])[]): string {
  return `<dl class="facts">${facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${proseHtml(value)}</dd>`).join('\n')}</dl>`;
}

const anchorOf = (title: string): string => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

export const paragraph = (text: string): string => `<p>${proseHtml(text)}</p>`;

export const soft = (text: string): string => `<p class="soft">${proseHtml(text)}</p>`;

export const proseHtml = (text: string): string => escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

export function figureText(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const absoluteValue = Math.abs(value);
  if (absoluteValue >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(absoluteValue < 1e-3 ? 3 : 4)));
}

export const counted = (number: number, what: string): string =>
  `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;
