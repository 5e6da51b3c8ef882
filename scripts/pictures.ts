/** `docs/models/pictures`: every model of `models/` as a run's report draws it; and the model of the README. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { makeSource } from '../src/base/text/source.ts';
import { compileSource } from '../src/compiler/pipeline.ts';
import { svgFile } from '../src/editor/drawing/drawing.ts';
import { drawingOf } from '../src/editor/drawing/drawn.ts';

/** A column of text in the site and on GitHub: a wider picture would be shown with smaller words. */
const columnWidth = 610;
/** A card of the gallery. */
export const cardWidth = 328;

/** Path from the root of the project → the picture. */
export function pictures(root: URL): Map<string, string> {
  const files = readdirSync(new URL('models', root)).filter((name) => name.endsWith('.tower'));
  return new Map(
    files.sort().map((file) => {
      const text = readFileSync(new URL(`models/${file}`, root), 'utf8');
      const name = basename(file, '.tower');
      return [`docs/models/pictures/${name}.svg`, modelPicture(name, text)];
    }),
  );
}

/** The picture of the first model in the README. */
export function readmePicture(root: URL): string {
  const [, text] = /^```tower\n(.*?)^```$/ms.exec(readFileSync(new URL('README.md', root), 'utf8'))!;
  return modelPicture('two_tower', text!);
}

/** A model as a picture for a page: its towers with shapes, and its tasks. */
export function modelPicture(name: string, text: string, width = columnWidth): string {
  const { model, lowered } = compileSource(makeSource(`${name}.tower`, text));
  return svgFile(name, drawingOf(model!, lowered!.arrows), { width });
}
