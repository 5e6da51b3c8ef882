/** The picture of a model: within a report, with a table next to it, and as a file of its own. */
import { type DrawingOptions, drawModel } from '../drawing/drawing.ts';
import type { Drawing } from '../drawing/drawn.ts';
import { palette, pictureStyle } from '../drawing/style.ts';
import { alternative, escapeHtml } from './html.ts';

export function figureOf(model: string, drawing: Drawing): string {
  const { width, height, title, svg } = drawModel(model, drawing);
  const label = escapeHtml(title);
  return [
    `<figure><div class="scroll" tabindex="0" role="region" aria-label="${label}">`,
    `<svg class="model" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${svg}`,
    '</svg></div>',
    alternative({
      caption: 'What flows through the model',
      head: ['box', 'reads', 'does', 'gives'],
      rows: [...drawing.towers.flatMap(({ boxes }) => boxes), ...drawing.tasks].map((box) => [
        box.kind === 'step' ? box.id : `${box.kind} ${box.kind === 'channel' ? box.id : box.name}`,
        box.reads.join(', ') || '–',
        box.lines.map(({ text }) => text).join(box.kind === 'features' ? ', ' : ' → ') || 'nothing',
        box.lines.at(-1)?.gives ?? '–',
      ]),
    }),
    '</figure>',
  ].join('\n');
}

/** An SVG file, on paper of its own: a page that shows it as an image lends it no colour. */
export function svgFile(model: string, drawing: Drawing, options: DrawingOptions = {}): string {
  const { width, height, title, svg } = drawModel(model, drawing, options);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">`,
    `<style>${palette}${pictureStyle}</style>`,
    `<rect width="${width}" height="${height}" rx="8" fill="var(--paper)"/>`,
    svg,
    '</svg>\n',
  ].join('\n');
}
