/** The programs that mistakes are made in: every model, every data block and every whole example of the guide. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Diagnostic } from '../../src/base/diagnostics/diagnostic.ts';
import { makeSource, positionAt } from '../../src/base/text/source.ts';
import { checkSource } from '../../src/compiler/pipeline.ts';

const models = ['models', 'models/data'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.tower'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8')),
);
const fences = readdirSync('docs/guide').flatMap((name) =>
  [...readFileSync(`docs/guide/${name}`, 'utf8').matchAll(/```tower\n([\s\S]*?)```/g)].map(([, text]) => text!),
);

export const programs = [...models, ...fences].filter((text) => errorsOf(text).length === 0);

export function errorsOf(text: string): readonly Diagnostic[] {
  return checkSource(makeSource('program.tower', text)).diagnostics.filter(({ severity }) => severity === 'error');
}

/** Whether the error, a note of it, or its fix is on these lines, or on the line next to them. */
export function isNear(
  { at, notes, fixes }: Diagnostic,
  [first, last]: readonly [first: number, last: number],
): boolean {
  const places = [at, ...notes.map((note) => note.at), ...fixes.flat().map((edit) => edit.at)];
  return places.some((place) => {
    const line = place ? positionAt(place.source, place.start).line : 0;
    return first - 1 <= line && line <= last + 1;
  });
}
