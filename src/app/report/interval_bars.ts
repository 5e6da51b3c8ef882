import type { Interval } from '../../training/evaluation/bootstrap.ts';
import { escapeHtml } from './html.ts';

export interface IntervalBar {
  readonly name: string;
  readonly value: number;
  readonly interval?: Interval;
  readonly text: string;
  /** `own`: the subject of the page. `plain`: nothing is compared. */
  readonly tone: 'own' | 'above' | 'level' | 'below' | 'plain';
}

/**
 * A bar a line from 0, with its interval as a whisker. Boxes, not a drawing: words stay as large on a phone, where they go above the bar.
 * @param full value of a bar over the whole width; default: the largest
 */
export function intervalBars(title: string, bars: readonly IntervalBar[], full?: number): string {
  const fullLength = full ?? bars.reduce((most, { value, interval }) => Math.max(most, value, interval?.high ?? 0), 0);
  const share = (value: number): string =>
    `${fullLength === 0 ? 0 : Math.round((1000 * Math.max(0, value)) / fullLength) / 10}%`;
  const lines = bars.map(({ name, value, interval, text, tone }) => {
    const whisker = interval
      ? `<span class="whisker" style="left:${share(interval.low)};width:${share(interval.high - Math.max(0, interval.low))}"></span>`
      : '';
    return `<li class="${tone}"><span class="who"><bdi>${escapeHtml(name)}</bdi></span><span class="track" aria-hidden="true"><span class="fill" style="width:${share(value)}"></span>${whisker}</span><span class="says">${escapeHtml(text)}</span></li>`;
  });
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>\n<ul class="intervals">\n${lines.join('\n')}\n</ul></figure>`;
}
