/** A picture as an SVG file, on paper of its own: a page that shows it as an image lends it no colour. */
import { escapeHtml } from '../../base/text/escape_html.ts';
import { type DrawingOptions, drawModel } from './drawing.ts';
import type { Drawing } from './drawn.ts';
import { paletteOf, pictureStyle, type Theme } from './style.ts';

export interface FileOptions extends DrawingOptions {
  /** Default: what the system of the reader asks for. */
  readonly theme?: Theme;
  /** A picture that is wider is shown smaller. */
  readonly most?: number;
}

export interface SvgFile {
  /** As it is shown. */
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly text: string;
}

export const svgFile = (model: string, drawing: Drawing, options: FileOptions = {}): string =>
  drawFile(model, drawing, options).text;

export function drawFile(model: string, drawing: Drawing, options: FileOptions = {}): SvgFile {
  const { width, height, title, svg } = drawModel(model, drawing, options);
  const scale = Math.min(1, (options.most ?? width) / width);
  const [shownWidth, shownHeight] = [width, height].map((each) => Math.round(each * scale * 100) / 100) as [
    number,
    number,
  ];
  const text = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${shownWidth}" height="${shownHeight}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">`,
    `<style>${paletteOf(options.theme)}${pictureStyle}</style>`,
    `<rect width="${width}" height="${height}" rx="8" fill="var(--paper)"/>`,
    svg,
    '</svg>\n',
  ].join('\n');
  return { width: shownWidth, height: shownHeight, title, text };
}
