/** The picture of a model within a report, with a table next to it. */
import { drawModel } from '../drawing/drawing.ts';
import type { Drawing } from '../drawing/drawn.ts';
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
      words: true,
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
