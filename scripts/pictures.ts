/** `docs/models/pictures`: every model of `models/` as a run's report draws it. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { compile } from '../src/pipeline.ts';
import { drawingOf } from '../src/report/drawn.ts';
import { svgFile } from '../src/report/picture.ts';
import { makeSource } from '../src/text/source.ts';

/** Path from the root of the project → the picture. */
export function pictures(root: URL): Map<string, string> {
  const files = readdirSync(new URL('models', root)).filter((name) => name.endsWith('.tower'));
  return new Map(
    files.sort().map((file) => {
      const name = basename(file, '.tower');
      const { model, lowered } = compile(makeSource(file, readFileSync(new URL(`models/${file}`, root), 'utf8')));
      return [`docs/models/pictures/${name}.svg`, svgFile(name, drawingOf(model!, lowered!.arrows))];
    }),
  );
}
