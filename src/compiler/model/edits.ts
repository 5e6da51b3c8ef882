/** Edits that fixes are made of. */
import type { Edit } from '../../base/diagnostics/diagnostic.ts';
import type { Span } from '../../base/text/source.ts';

/** Removes a whole entry: with its line if nothing else is on it, else with the comma before its neighbour. */
export function removal(at: Span): Edit {
  const { source } = at;
  const { text } = source;
  let start = at.start;
  while (start > 0 && (text[start - 1] === ' ' || text[start - 1] === '\t')) start--;
  let end = at.end;
  while (end < text.length && (text[end] === ' ' || text[end] === '\t')) end++;
  const comment = /^\/\/[^\n]*/.exec(text.slice(end));
  const lineEnd = comment ? end + comment[0].length : end;
  const alone = (start === 0 || text[start - 1] === '\n') && (lineEnd === text.length || text[lineEnd] === '\n');
  if (alone) return { at: { source, start, end: Math.min(lineEnd + 1, text.length) }, text: '' };
  if (text[end] === ',') {
    end++;
    while (text[end] === ' ') end++;
    return { at: { source, start: at.start, end }, text: '' };
  }
  if (text[start - 1] === ',') return { at: { source, start: start - 1, end: at.end }, text: '' };
  return { at, text: '' };
}

export function insertion(source: Span['source'], offset: number, text: string): Edit {
  return { at: { source, start: offset, end: offset }, text };
}
