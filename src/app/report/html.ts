/** Text of a page. Names and titles come from users: whatever is not written here goes through `escapeHtml`. */
import { escapeHtml } from '../../base/text/escape_html.ts';

export { escapeHtml };

export interface HtmlTable {
  readonly caption: string;
  /** The first column names the row. */
  readonly head: readonly string[];
  /** A line break in a cell stays. */
  readonly rows: readonly (readonly string[])[];
  /** Cells are words rather than numbers: they begin at the left. */
  readonly words?: true;
}

/** A table that scrolls by itself where it is wider than the page. */
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

/** Its title is of our own words: it names the anchor too. */
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
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(size < 1e-3 ? 3 : 4)));
}

export const counted = (number: number, what: string): string =>
  `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;
