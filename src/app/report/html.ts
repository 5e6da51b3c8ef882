/** Makes pages of reports: their parts, style and policy. Names and titles come from users, so every text that is not constant goes through `escapeHtml`. */
import { createHash } from 'node:crypto';
import { escapeHtml } from '../../base/text/display.ts';
import { tokens } from '../../editor/drawing/design.ts';
import { pictureStyle } from '../../editor/drawing/drawing.ts';

/** One column, so that a phone shows everything. */
const style = `${tokens}${pictureStyle}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem 1rem 4rem; max-width: 72rem; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .3rem 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; padding-top: .8rem; border-top: 1px solid var(--line); }
p, ul.soft { max-width: 46rem; }
p { margin: .4rem 0; overflow-wrap: anywhere; }
.soft, figcaption, caption { color: var(--soft); }
.charts { display: grid; gap: 1.2rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
figure { margin: .6rem 0; min-width: 0; }
figcaption { font-size: .95rem; margin-bottom: .3rem; }
svg { display: block; max-width: 100%; height: auto; overflow: visible; }
figure > svg { width: 100%; max-width: 32rem; }
svg.model { max-width: none; height: auto; }
svg .grid { stroke: var(--line); fill: none; }
svg .mark { stroke: var(--soft); stroke-dasharray: 3 3; fill: none; }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.s0 { stroke: var(--c0); } .line.s1 { stroke: var(--c1); stroke-dasharray: 7 3; } .line.s2 { stroke: var(--c2); stroke-dasharray: 2 3; }
.line.s3 { stroke: var(--c3); stroke-dasharray: 9 3 2 3; } .line.s4 { stroke: var(--c4); stroke-dasharray: 12 4; } .line.s5 { stroke: var(--c5); stroke-dasharray: 4 2; }
.line.s6 { stroke: var(--c1); } .line.s7 { stroke: var(--c0); stroke-dasharray: 2 3; } .line.s8 { stroke: var(--c3); } .line.s9 { stroke: var(--c2); stroke-dasharray: 9 4; } .line.s10 { stroke: var(--c5); stroke-dasharray: none; } .line.s11 { stroke: var(--c4); stroke-dasharray: 2 2; }
.dot.s6 { fill: var(--c1); } .dot.s7 { fill: var(--c0); } .dot.s8 { fill: var(--c3); } .dot.s9 { fill: var(--c2); } .dot.s10 { fill: var(--c5); } .dot.s11 { fill: var(--c4); }
.dot.s0 { fill: var(--c0); } .dot.s1 { fill: var(--c1); } .dot.s2 { fill: var(--c2); } .dot.s3 { fill: var(--c3); } .dot.s4 { fill: var(--c4); } .dot.s5 { fill: var(--c5); }
.intervals { list-style: none; padding: 0; margin: .4rem 0; }
.intervals li { display: grid; grid-template-columns: 11rem minmax(0, 1fr) 19rem; gap: 0 .8rem; align-items: center; padding: .2rem 0; font-variant-numeric: tabular-nums; font-size: .92rem; }
.intervals .who { text-align: right; overflow-wrap: anywhere; }
.intervals .own .who { font-weight: 700; }
.intervals .track { position: relative; height: 1.15rem; }
.intervals .fill { position: absolute; inset: 0 auto 0 0; background: var(--quiet); border-radius: 2px; }
.intervals .own .fill { background: var(--c0); } .intervals .above .fill { background: var(--bad); } .intervals .level .fill { background: var(--fair); }
.intervals .whisker { position: absolute; top: 50%; height: 8px; margin-top: -4px; border: solid var(--ink); border-width: 0 1.5px; background: linear-gradient(var(--ink), var(--ink)) 0 50% / 100% 1.5px no-repeat; }
.intervals .plain { grid-template-columns: 12rem minmax(0, 1fr) 12rem; max-width: 46rem; }
.intervals .plain .fill { background: var(--c0); }
@media (max-width: 46rem) {
  .intervals li, .intervals .plain { grid-template-columns: minmax(5.5rem, 1fr) fit-content(14.5rem); padding: .35rem 0; }
  .intervals .who { text-align: left; } .intervals .says { text-align: right; }
  .intervals .track { grid-row: 2; grid-column: 1 / -1; }
  figure > svg text { font-size: 14.5px; }
}
svg .hit { fill: transparent; }
svg .read { opacity: 0; pointer-events: none; }
svg .at:hover > .read { opacity: 1; }
h3 { font-size: 1rem; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h4 { font-size: .8rem; margin: .7rem 0 .2rem; color: var(--soft); font-weight: 600; }
.verdict { border: 1px solid var(--line); border-left: 6px solid var(--quiet); border-radius: 8px; background: var(--card); padding: 1rem 1.2rem; }
.verdict.good { border-left-color: var(--good); } .verdict.fair { border-left-color: var(--fair); } .verdict.bad { border-left-color: var(--bad); }
.verdict h2 { border: 0; margin: 0 0 .4rem; padding: 0; font-size: 1.35rem; line-height: 1.25; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: 0 0 1rem; font-size: .92rem; }
nav a { color: var(--accent); padding: .2rem 0; }
.examples { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); margin-top: .8rem; }
.examples article { border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; font-size: .9rem; min-width: 0; }
.examples ul, .examples ol { margin: 0; padding-left: 1.5rem; overflow-wrap: anywhere; }
.examples ul { padding-left: 1.1rem; }
.examples .hit { font-weight: 700; color: var(--good); }
progress { width: 100%; max-width: 44rem; height: 1rem; accent-color: var(--accent); }
pre { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .8rem; font: .85rem/1.5 ui-monospace, monospace; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; padding: 0; margin: .3rem 0; font-size: .9rem; }
.legend li { display: flex; align-items: center; gap: .4rem; }
.legend .key { width: 26px; height: 8px; }
.scroll { overflow-x: auto; }
.scroll > table { min-width: min(100%, 20rem); }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; margin: .4rem 0; }
caption { text-align: left; padding: .2rem 0; }
th, td { padding: .25rem .7rem .25rem 0; border-bottom: 1px solid var(--line); text-align: right; white-space: pre; }
th:first-child, .words th, .words td { text-align: left; }
.words td { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 7rem; max-width: 24rem; }
th:first-child { position: sticky; left: 0; background: var(--paper); }
thead th { color: var(--soft); font-weight: 600; }
details { margin: .3rem 0; }
summary { cursor: pointer; color: var(--accent); font-size: .9rem; }
@media print { details, nav { display: none; } .scroll { overflow: visible; } figure, article { break-inside: avoid; } h2 { break-after: avoid; } }
`;

/** The policy forbids all resources and scripts, whatever a name in a run contains, except for our own script, which requests this server. */
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

/** Marks our pages. A page without it is never overwritten. */
export const generator = '<meta name="generator" content="tower report">';

interface ShellOptions {
  readonly head?: string;
  readonly script?: string;
}

/** @param body parts of the page; empty ones are left out */
export function shell(title: string, body: readonly string[], { head = '', script }: ShellOptions = {}): string {
  const bodyParts = body.filter((part) => part !== '');
  const links = bodyParts.flatMap((part) => {
    const found = /^<section(?: class="[^"]*")? id="([^"]+)"><h2>(.*?)<\/h2>/.exec(part);
    return found ? [`<a href="#${found[1]}">${found[1] === 'verdict' ? 'Verdict' : found[2]}</a>`] : [];
  });
  const [first, ...rest] = bodyParts;
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
  return `<details><summary>As a table</summary>${table(data)}</details>`;
}

/** Makes a section. The title is a constant text, from which the anchor is derived. */
export function section(title: string, ...body: readonly string[]): string {
  return `<section id="${anchorOf(title)}"><h2>${escapeHtml(title)}</h2>\n${body.join('\n')}\n</section>`;
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
