import { escapeHtml } from './html.ts';

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** What is written next to it. */
  readonly text: string;
}

const width = 560;
const row = 26;
const texts = 120;
/** Pixels of a character of a name, about. */
const character = 6.8;

/**
 * A bar a line, from 0; the numbers are next to the bars, so there is no axis.
 * @param names pixels for the names on the left
 */
export function barChart(title: string, bars: readonly Bar[], names = 150): string {
  const longest = bars.reduce((most, { value }) => Math.max(most, value), 0);
  const lines = bars.map(({ name, value, text }, i) => {
    const length = longest === 0 ? 0 : Math.round((Math.max(0, value) / longest) * (width - names - texts) * 10) / 10;
    const middle = i * row + row / 2;
    return `<text x="${names - 8}" y="${middle}" dy=".35em" text-anchor="end">${escapeHtml(shorten(name, Math.floor(names / character)))}</text><rect class="bar" x="${names}" y="${middle - 8}" width="${length}" height="16" rx="2"/><text x="${names + length + 6}" y="${middle}" dy=".35em">${escapeHtml(text)}</text>`;
  });
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>\n<svg viewBox="0 0 ${width} ${bars.length * row}" role="img" aria-label="${escapeHtml(title)}"><title>${escapeHtml(title)}</title>\n${lines.join('\n')}\n</svg></figure>`;
}

const shorten = (name: string, most: number): string => (name.length > most ? `${name.slice(0, most - 1)}…` : name);
