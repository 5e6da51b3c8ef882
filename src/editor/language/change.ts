/** What turns a text into another, as one edit of whole lines: what stays as it is keeps the cursors and marks of an editor. */
import type { Edit } from '../../base/diagnostics/diagnostic.ts';
import { makeSource, type Source } from '../../base/text/source.ts';

/** Nothing where the two are the same. */
export function changeOf(source: Source, text: string): Edit | undefined {
  if (source.text === text) return undefined;
  const next = makeSource(source.name, text);
  const [before, after] = [linesOf(source), linesOf(next)];
  const least = Math.min(before.length, after.length);
  let above = 0;
  while (above < least && before[above] === after[above]) above++;
  let below = 0;
  while (below < least - above && before.at(-1 - below) === after.at(-1 - below)) below++;
  const start = startOf(source, above);
  const end = startOf(source, before.length - below);
  const changed = text.slice(startOf(next, above), startOf(next, after.length - below));
  return { at: { source, start, end }, text: changed };
}

/** Each with its end. */
function linesOf(source: Source): readonly string[] {
  return source.lineStarts.map((_, line) => source.text.slice(startOf(source, line), startOf(source, line + 1)));
}

const startOf = ({ lineStarts, text }: Source, line: number): number => lineStarts[line] ?? text.length;
