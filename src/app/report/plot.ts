/** Draws by Observable Plot into SVG that needs no script. Plot sets each text as the text of an element, so a name of a user cannot become markup. */
import { createDocument } from '@mixmark-io/domino';
import { type Markish, type PlotOptions, plot, ruleX, text } from '@observablehq/plot';
import { escapeHtml } from '../../base/text/display.ts';

/** Widths in pixels of a chart in half of a page, and of one of three beside each other. Words keep their size when a phone scales a chart. */
export const chartWidths = { half: 520, third: 360 } as const;

export interface ChartShape {
  /** What a screen reader says of the chart. */
  readonly title: string;
  readonly size?: keyof typeof chartWidths;
  readonly height: number;
}

export interface Hovered {
  readonly x: number;
  /** The numbers that are shown while the pointer is here. */
  readonly text: string;
}

/** Names of the groups that `joinHovers` looks for. */
const [bandClass, readClass] = ['band', 'read'];

export function drawPlot({ title, size = 'half', height }: ChartShape, options: PlotOptions): string {
  const document = createDocument('');
  const width = chartWidths[size];
  // It has no legend and no caption, so it is the picture itself.
  const svg = plot({ document, width, height, className: 'plot', ...options }) as unknown as SVGElement;
  svg.querySelector('style')?.remove();
  joinHovers(svg);
  for (const element of [svg, ...Array.from(svg.querySelectorAll('*'))]) trim(element);
  for (const name of ['width', 'height', 'font-family', 'font-size', 'fill']) svg.removeAttribute(name);
  svg.setAttribute('class', `plot ${size}`);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', title);
  return svg.outerHTML;
}

/** Plot writes all digits of a position, and names each group of marks for screen readers, which hear the title of the picture. */
function trim(element: Element): void {
  for (const name of ['aria-label', 'aria-hidden']) element.removeAttribute(name);
  for (const name of element.getAttributeNames()) {
    const value = element.getAttribute(name)!;
    const rounded = value.replaceAll(/-?\d+\.\d{2,}(e-?\d+)?/g, (number) =>
      String(Math.round(Number(number) * 10) / 10),
    );
    if (rounded !== value) element.setAttribute(name, rounded);
  }
}

/** Marks that show numbers while the pointer is in their band. Only CSS shows and hides them. */
export function hoverMarks(points: readonly Hovered[], bandWidth: number): Markish[] {
  return [
    ruleX(points, {
      x: 'x',
      className: bandClass,
      stroke: 'transparent',
      strokeWidth: bandWidth,
      strokeLinecap: 'butt',
    }),
    text(points, { className: readClass, text: 'text', frameAnchor: 'top-left', lineAnchor: 'bottom' }),
  ];
}

export function svgElement(document: Document, kind: string, attributes: Readonly<Record<string, string | number>>) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** Puts each band together with its numbers, so that CSS knows which of them to show. */
function joinHovers(svg: SVGElement): void {
  const [bands, reads] = [bandClass, readClass].map((name) => svg.querySelector(`.${name}`));
  if (!bands || !reads) return;
  const texts = Array.from(reads.querySelectorAll('text'));
  for (const [i, band] of Array.from(bands.querySelectorAll('line')).entries()) {
    const group = svgElement(svg.ownerDocument, 'g', { class: 'at' });
    bands.replaceChild(group, band);
    group.appendChild(band);
    group.appendChild(texts[i]!);
  }
  reads.remove();
}

export const soft = 'var(--soft)';
export const axisLook = { tickSize: 0, fill: soft };
/** An axis with its name below the middle, without an arrow. */
export const namedAxisLook = { ...axisLook, labelAnchor: 'center', labelArrow: 'none' } as const;
/** Words within a chart, which lines and dots do not cross. */
export const labelLook = { fill: soft, stroke: 'var(--paper)', strokeWidth: 4 } as const;
export const gridLook = { stroke: 'var(--grid)', strokeOpacity: 1 };

export const shortenName = (name: string, maxLength: number): string =>
  name.length > maxLength ? `${name.slice(0, maxLength - 1)}…` : name;

/** @param title a constant text or a name */
export const chartFigure = (title: string, ...body: readonly string[]): string =>
  `<figure><figcaption>${escapeHtml(title)}</figcaption>\n${body.join('\n')}\n</figure>`;
